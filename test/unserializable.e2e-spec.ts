import type { Socket } from 'node:net';

import { Controller } from '@nestjs/common';
import { MessagePattern, RpcException } from '@nestjs/microservices';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireError } from 'heartwire';
import { firstValueFrom, type Observable, of } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

const circular: Record<string, unknown> = { name: 'circle' };
circular.self = circular;

@Controller()
class UnspeakableController {
  @MessagePattern('circular')
  circular(): unknown {
    return circular;
  }

  @MessagePattern('bigint')
  bigint(): Promise<unknown> {
    return Promise.resolve({ id: 1n });
  }

  @MessagePattern('circular, third')
  stream(): Observable<unknown> {
    return of(1, 2, circular, 4);
  }

  @MessagePattern('RpcException that is no JSON')
  unspeakable(): never {
    throw new RpcException(circular);
  }

  @MessagePattern('RpcException of n characters')
  long(n: number): never {
    throw new RpcException('x'.repeat(n));
  }

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    return data;
  }
}

describe('what can be no message', () => {
  const stage = new Stage();
  let client: HeartwireClient;

  beforeAll(async () => {
    const { url } = await stage.serve({ controllers: [UnspeakableController] });
    client = stage.client(url, { limits: { maxFrameBytes: 65_536 } });
  });

  beforeEach(() => {
    stage.logger.lines.length = 0;
  });

  afterAll(() => stage.clear());

  const expectUndisturbed = async (): Promise<void> => {
    expect(await firstValueFrom(client.send('echo', 'still here'))).toBe('still here');
    expect(stage.logger.texts('warn')).toEqual([]);
  };

  it.each([
    ['circular', /circular/],
    ['bigint', /BigInt/],
  ])('a result that is no JSON fails the call, and says why: %s', async (pattern, why) => {
    const error = await errorOf(client.send(pattern, {}));
    expect(error).toBeInstanceOf(HeartwireError);
    expect(error).toMatchObject({ code: 'UNSERIALIZABLE', retryable: false, sent: 'answered' });
    expect((error as Error).message).toMatch(why);
    await expectUndisturbed();
  });

  it('an item that is no JSON fails its stream, after the items before it', async () => {
    const { values, error } = await outcomeOf(client.send('circular, third', {}));
    expect(values).toEqual([1, 2]);
    expect(error).toMatchObject({ code: 'UNSERIALIZABLE', retryable: false, sent: 'answered' });
    await expectUndisturbed();
  });

  it.each([
    ['data', 'echo', circular],
    ['pattern', circular, {}],
    ['data', 'echo', { id: 1n }],
  ])('a call whose %s is no JSON fails before anything is sent', async (_, pattern, data) => {
    await client.connect();
    const { bytesWritten } = client.unwrap<Socket>();
    const expected = { code: 'UNSERIALIZABLE', retryable: false, sent: 'never' };
    expect(await errorOf(client.send(pattern, data))).toMatchObject(expected);
    expect(await errorOf(client.emit(pattern, data))).toMatchObject(expected);
    expect(client.unwrap<Socket>().bytesWritten).toBe(bytesWritten);
  });

  it.each([
    ['true', true],
    ['a symbol', Symbol('orders')],
    ['a function', () => 'orders'],
    ['NaN', NaN],
  ])('a call whose pattern is %s fails by itself: no other of its connection does', async (_, pattern) => {
    await client.connect();
    const { bytesWritten } = client.unwrap<Socket>();
    const expected = {
      code: 'UNSERIALIZABLE',
      retryable: false,
      sent: 'never',
      message: expect.stringMatching(/^the pattern must be a string, a number or an object: it is /),
    };
    expect(await errorOf(client.send(pattern, {}))).toMatchObject(expected);
    expect(await errorOf(client.emit(pattern, {}))).toMatchObject(expected);
    expect(client.unwrap<Socket>().bytesWritten).toBe(bytesWritten);
    await expectUndisturbed();
  });

  it('an RpcException that is no JSON still ends its call', async () => {
    expect(await errorOf(client.send('RpcException that is no JSON', {}))).toEqual({
      status: 'error',
      message: 'Internal server error',
    });
    await expectUndisturbed();
  });

  it('an RpcException that is larger than a frame may be ends its call, not the connection', async () => {
    const fits = await errorOf(client.send('RpcException of n characters', 60_000));
    expect(fits).toEqual({ status: 'error', message: 'x'.repeat(60_000) });
    const tooLong = await errorOf(client.send('RpcException of n characters', 70_000));
    expect(tooLong).toMatchObject({ code: 'FRAME_TOO_LARGE', retryable: false, sent: 'answered' });
    await expectUndisturbed();
  });

  it('a result that is larger than a frame may be does the same', async () => {
    const tooLong = await errorOf(client.send('echo', { long: 'x'.repeat(65_500) }));
    expect(tooLong).toMatchObject({ code: 'FRAME_TOO_LARGE', retryable: false });
    await expectUndisturbed();
  });
});

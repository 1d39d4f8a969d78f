import { isDeepStrictEqual } from 'node:util';

import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient, HeartwireServer, HeartwireServerOptions } from 'heartwire';
import { firstValueFrom, from, lastValueFrom, type Observable } from 'rxjs';

import { type Deferred, deferred } from './support/deferred.js';
import { freeUrl } from './support/free-url.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

/** For calls that a busy machine takes a while to answer. */
const LONG_MS = 50_000;

@Controller()
class WorkController {
  readonly done: unknown[] = [];
  readonly gates: Deferred[] = [deferred(), deferred()];
  running = 0;
  peak = 0;

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    return data;
  }

  @MessagePattern('work')
  async work(data: unknown): Promise<unknown> {
    this.running += 1;
    this.peak = Math.max(this.peak, this.running);
    await new Promise(setImmediate);
    this.running -= 1;
    this.done.push(data);
    return data;
  }

  @MessagePattern('gate')
  async gate(index: number): Promise<number> {
    await this.gates[index]?.promise;
    return index;
  }

  @MessagePattern('describe bytes')
  describeBytes(data: unknown): object {
    return { isBuffer: Buffer.isBuffer(data), hex: Buffer.isBuffer(data) ? data.toString('hex') : data };
  }

  @MessagePattern('stream of bytes')
  bytes(sizes: number[]): Observable<Uint8Array> {
    return from(sizes.map((size) => new Uint8Array(size).fill(size % 251)));
  }

  @EventPattern('note')
  note(data: unknown): Promise<unknown> {
    return this.work(data);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('calls', () => {
  const stage = new Stage();
  let url: string;
  let server: HeartwireServer;
  let client: HeartwireClient;
  let controller: WorkController;

  const serve = async (limits: HeartwireServerOptions['limits'] = {}, at?: string): Promise<void> => {
    const served = await stage.serve(
      { controllers: [WorkController] },
      { server: { limits }, ...(at && { url: at }) },
    );
    ({ url, server } = served);
    controller = served.app.get(WorkController);
    client = stage.client(url);
  };

  afterEach(async () => {
    for (const gate of controller.gates) gate.resolve();
    await stage.clear();
  });

  describe('without a connection', () => {
    it('wait for it and are answered in their order', async () => {
      const address = await freeUrl();
      const early = stage.client(address, { callTimeoutMs: LONG_MS });
      const outcomes = range(3).map((number) => firstValueFrom(early.send('work', number)));
      const event = outcomeOf(early.emit('note', 'event'));
      await early.connect();
      await serve({}, address);
      expect(await Promise.all(outcomes)).toEqual([0, 1, 2]);
      expect((await event).end).toBe('complete');
      await outcomeOf(early.emit('note', 'last', { acknowledge: true }));
      expect(controller.done).toEqual([0, 1, 2, 'event', 'last']);
    });

    it('fail when it does not come in time, and were never sent', async () => {
      const early = stage.client(await freeUrl(), { callTimeoutMs: 100 });
      const expected = { code: 'DEADLINE_EXCEEDED', sent: 'never', retryable: true };
      expect(await errorOf(early.send('echo', 1))).toMatchObject(expected);
      expect(await errorOf(early.emit('note', 1))).toMatchObject(expected);
      expect(await errorOf(early.emit('note', 1, { acknowledge: true }))).toMatchObject(expected);
    });

    it.each([
      ['waitingCalls', { waitingCalls: 3 }],
      ['waitingBytes', { waitingBytes: 3_100 }],
    ])('fail at once beyond %s, and leave those that wait alone', async (_, limits) => {
      const address = await freeUrl();
      const early = stage.client(address, { limits, callTimeoutMs: LONG_MS });
      const data = 'x'.repeat(1_000);
      const waiting = range(3).map(() => firstValueFrom(early.send('echo', data)));
      const expected = { code: 'QUEUE_FULL', sent: 'never', retryable: true };
      expect(await errorOf(early.send('echo', data))).toMatchObject(expected);
      expect(await errorOf(early.emit('note', data))).toMatchObject(expected);
      await serve({}, address);
      expect(await Promise.all(waiting)).toEqual([data, data, data]);
      expect(await firstValueFrom(early.send('echo', 'room again'))).toBe('room again');
    });
  });

  describe('many at once', () => {
    it('are held back beyond what the server runs at once, and all complete', async () => {
      await serve({ runningCallsPerConnection: 8 });
      const answers = await Promise.all(
        range(500).map((number) => firstValueFrom(client.send('work', number))),
      );
      expect(answers).toEqual(range(500));
      expect(controller.peak).toBe(8);
    });

    it('fail as OVERLOADED, before they started, beyond what the whole server runs', async () => {
      await serve({ runningCalls: 2 });
      const held = [0, 1].map((index) => firstValueFrom(client.send('gate', index)));
      await client.connect();
      const other = stage.client(url);
      // Both calls have left before this one: they were made before it connected.
      const error = await errorOf(other.send('work', 'too much'));
      expect(error).toMatchObject({ code: 'OVERLOADED', sent: 'never', retryable: true });
      for (const gate of controller.gates) gate.resolve();
      expect(await Promise.all(held)).toEqual([0, 1]);
      expect(await firstValueFrom(other.send('work', 'later'))).toBe('later');
      expect(controller.done).toEqual(['later']);
    });

    it('complete: 10,000 of 1 KB on one connection', async () => {
      await serve();
      const data = (number: number): string => String(number).padStart(1_024, '.');
      const answers = await Promise.all(
        range(10_000).map((number) =>
          firstValueFrom(client.send('echo', data(number), { timeoutMs: LONG_MS })),
        ),
      );
      expect(answers.every((answer, number) => answer === data(number))).toBe(true);
      expect(server.connections).toHaveLength(1);
    });

    it.each([
      ['text', (number: number): unknown => String(number).padStart(262_144, '.')],
      ['bytes', (number: number): unknown => Buffer.alloc(262_144, number + 1)],
    ])('complete: 64 echoes of 256 KB of %s on one connection', async (_, make) => {
      await serve();
      const data = range(64).map(make);
      const answers = await Promise.all(
        data.map((each) => firstValueFrom(client.send('echo', each, { timeoutMs: LONG_MS }))),
      );
      // Compared here: to compare megabytes of Buffers takes Jest minutes.
      expect(answers.map((answer, number) => isDeepStrictEqual(answer, data[number]))).toEqual(
        data.map(() => true),
      );
      expect(server.connections).toHaveLength(1);
    });
  });

  describe('bytes', () => {
    it.each([
      ['a Buffer', Buffer.from([0, 1, 254, 255]), '0001feff'],
      ['a Uint8Array', new Uint8Array([0, 128, 255]), '0080ff'],
      ['a part of a larger buffer', Buffer.from('00112233', 'hex').subarray(1, 3), '1122'],
      ['nothing', Buffer.alloc(0), ''],
      ['a megabyte', Buffer.alloc(1_048_576, 7), '07'.repeat(1_048_576)],
    ])('arrive as a Buffer: %s', async (_, bytes, hex) => {
      await serve();
      expect(await firstValueFrom(client.send('describe bytes', bytes))).toEqual({ isBuffer: true, hex });
      const echo = await firstValueFrom(client.send('echo', bytes));
      expect(Buffer.isBuffer(echo)).toBe(true);
      expect((echo as Buffer).toString('hex')).toBe(hex);
    });

    it('arrive as a Buffer each when they are streamed, and with events', async () => {
      await serve();
      const { values } = await outcomeOf(client.send<Buffer>('stream of bytes', [3, 0, 70_000]));
      expect(values.map((value) => [Buffer.isBuffer(value), value.length, value[0]])).toEqual([
        [true, 3, 3],
        [true, 0, undefined],
        [true, 70_000, 70_000 % 251],
      ]);
      await lastValueFrom(client.emit('note', Buffer.from('bytes'), { acknowledge: true }));
      expect(controller.done).toEqual([Buffer.from('bytes')]);
    });

    it('that are larger than the other end takes fail the call alone, unsent', async () => {
      await serve({ maxFrameBytes: 65_536 });
      for (const tooLong of [Buffer.alloc(65_536), 'x'.repeat(65_536)]) {
        const error = await errorOf(client.send('echo', tooLong));
        expect(error).toMatchObject({ code: 'FRAME_TOO_LARGE', sent: 'never', retryable: false });
      }
      expect(await firstValueFrom(client.send('echo', 'x'.repeat(65_000)))).toHaveLength(65_000);
      expect(server.connections).toHaveLength(1);
    });
  });
});

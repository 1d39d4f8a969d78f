import type { Socket } from 'node:net';

import {
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
  UseFilters,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsEmail, IsNotEmpty, ValidateNested } from 'class-validator';
import { HeartwireClient, HeartwireError, HeartwireExceptionFilter } from 'heartwire';
import { concat, firstValueFrom, type Observable, of, Subject, throwError } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

class AddressDto {
  @IsNotEmpty()
  readonly street: string;
}

class SignUpDto {
  @IsEmail()
  readonly email: string;

  @ValidateNested()
  @Type(() => AddressDto)
  readonly addresses: AddressDto[];
}

/** Passes on whatever was thrown, as it is: what `throwError` says is up to the application. */
@Catch()
class PassOnFilter implements ExceptionFilter {
  catch(thrown: unknown): Observable<never> {
    return throwError(() => thrown);
  }
}

class SecretError extends Error {
  readonly password = 'hunter2';
}

const circular: Record<string, unknown> = { name: 'circle' };
circular.self = circular;

const SAID: Readonly<Record<string, unknown>> = {
  text: 'plain text',
  'empty text': '',
  number: 7,
  zero: 0,
  false: false,
  list: ['one', 2],
  object: { code: 'E_TEA', nested: { message: 'out of tea' } },
};

const UNSPOKEN: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  Error: new SecretError('a secret', { cause: new Error('a deeper secret') }),
  symbol: Symbol('a secret'),
  'a function': () => 'a secret',
  'an object that is no JSON': circular,
  NaN: NaN,
};

@Controller()
class ThrowingController {
  readonly ticks$ = new Subject<number>();

  @MessagePattern('ticks')
  ticks(): Observable<number> {
    return this.ticks$;
  }

  @MessagePattern('http')
  http(kind: string): never {
    if (kind === 'text') throw new NotFoundException('no such room');
    if (kind === 'object') throw new ConflictException({ room: 7, reason: 'taken' });
    if (kind === 'bare') throw new HttpException('teapot', 418);
    throw new NotFoundException();
  }

  @UsePipes(new ValidationPipe())
  @MessagePattern('sign up')
  signUp(@Payload() dto: SignUpDto): string {
    return dto.email;
  }

  @MessagePattern('unexpected')
  unexpected(way: string): unknown {
    const error = new SecretError('SELECT secret FROM users', { cause: new Error('secret cause') });
    if (way === 'throw') throw error;
    if (way === 'reject') return Promise.reject(error);
    return concat(
      of(1),
      throwError(() => error),
    );
  }

  @UseFilters(PassOnFilter)
  @MessagePattern('pass on')
  passOn(name: string): never {
    throw name in SAID ? SAID[name] : UNSPOKEN[name];
  }

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    return data;
  }
}

/** As projects have it that give every error a form of their own. */
class OwnClient extends HeartwireClient {
  protected override serializeError(error: unknown): unknown {
    return { own: error };
  }
}

/** As a slip may have it. */
class BrokenClient extends HeartwireClient {
  protected override serializeError(error: unknown): unknown {
    throw new Error('no words', { cause: error });
  }

  protected override serializeResponse(): unknown {
    throw new Error('no words');
  }
}

const INTERNAL = { status: 'error', message: 'Internal server error' };

describe('errors over Heartwire', () => {
  const stage = new Stage();
  let url: string;
  let ticks$: Subject<number>;
  let plain: HeartwireClient;
  let filtered: HeartwireClient;

  beforeAll(async () => {
    const served = await stage.serve({ controllers: [ThrowingController] });
    url = served.url;
    ({ ticks$ } = served.app.get(ThrowingController));
    plain = stage.client(url);
    const withFilter = await stage.serve(
      { controllers: [ThrowingController] },
      { prepare: (app) => app.useGlobalFilters(new HeartwireExceptionFilter()) },
    );
    filtered = stage.client(withFilter.url);
  });

  beforeEach(() => {
    stage.logger.lines.length = 0;
  });

  afterAll(() => stage.clear());

  const expectUndisturbed = async (): Promise<void> => {
    expect(await firstValueFrom(plain.send('echo', 'still here'))).toBe('still here');
    expect(stage.logger.texts('warn')).toEqual([]);
  };

  describe('with HeartwireExceptionFilter', () => {
    it.each([
      [
        'text',
        404,
        'NotFoundException',
        'no such room',
        { statusCode: 404, message: 'no such room', error: 'Not Found' },
      ],
      ['object', 409, 'ConflictException', 'Conflict Exception', { room: 7, reason: 'taken' }],
      ['bare', 418, 'HttpException', 'teapot', 'teapot'],
      ['none', 404, 'NotFoundException', 'Not Found', { statusCode: 404, message: 'Not Found' }],
    ])('an HttpException arrives whole (%s)', async (kind, status, name, message, response) => {
      expect(await errorOf(filtered.send('http', kind))).toEqual({ status, name, message, response });
    });

    it('the faults that ValidationPipe found arrive with the paths of their properties', async () => {
      const data = { email: 'nobody', addresses: [{ street: 'Lane 1' }, { street: '' }] };
      expect(await errorOf(filtered.send('sign up', data))).toEqual({
        status: 400,
        name: 'BadRequestException',
        message: 'Bad Request Exception',
        response: {
          statusCode: 400,
          error: 'Bad Request',
          message: ['email must be an email', 'addresses.1.street should not be empty'],
        },
      });
    });

    it('an unexpected exception stays as unknown to the caller as without it', async () => {
      expect(await errorOf(filtered.send('unexpected', 'throw'))).toEqual(INTERNAL);
    });
  });

  it('without it, HttpExceptions and validation faults are an internal error, as with Nest', async () => {
    expect(await errorOf(plain.send('http', 'text'))).toEqual(INTERNAL);
    expect(await errorOf(plain.send('sign up', {}))).toEqual(INTERNAL);
  });

  it.each(['throw', 'reject', 'stream'])(
    'what an unexpected exception says never leaves the server (%s)',
    async (way) => {
      await plain.connect();
      const received: Buffer[] = [];
      const listener = (chunk: Buffer): void => void received.push(chunk);
      const socket = plain.unwrap<Socket>().on('data', listener);
      const { values, error } = await outcomeOf(plain.send('unexpected', way));
      socket.removeListener('data', listener);

      expect([values, error]).toEqual([way === 'stream' ? [1] : [], INTERNAL]);
      const wire = Buffer.concat(received).toString('latin1');
      expect(wire).toContain('Internal server error');
      expect(wire).not.toMatch(/secret|hunter2|SecretError|\.ts/);
      expect(stage.logger.texts('error').join('\n')).toContain('SELECT secret FROM users');
    },
  );

  describe('what an exception filter passes on', () => {
    it.each(Object.entries(SAID))('arrives as it was thrown: %s', async (name, said) => {
      expect(await outcomeOf(plain.send('pass on', name))).toEqual({ values: [], end: 'error', error: said });
    });

    it.each(Object.keys(UNSPOKEN))(
      'is an internal error where it tells nothing or too much: %s',
      async (name) => {
        expect(await outcomeOf(plain.send('pass on', name))).toEqual({
          values: [],
          end: 'error',
          error: INTERNAL,
        });
        await expectUndisturbed();
      },
    );
  });

  it('a call to an unknown pattern fails in the words of Nest', async () => {
    const expected = {
      code: 'NO_HANDLER',
      message: 'There is no matching message handler defined in the remote service.',
      retryable: false,
      sent: 'answered',
    };
    for (const pattern of ['unknown', { cmd: 'unknown' }, 404, '__proto__', 'constructor']) {
      const error = await errorOf(plain.send(pattern, {}));
      expect(error).toBeInstanceOf(HeartwireError);
      expect(error).toMatchObject(expected);
      expect(await errorOf(plain.emit(pattern, {}, { acknowledge: true }))).toMatchObject(expected);
    }
  });

  it('a subclass with serializeError sees each failure once, whether a handler failed or the transport', async () => {
    const own = stage.track(new OwnClient({ url }));
    expect(await errorOf(own.send('pass on', 'text'))).toEqual({ own: 'plain text' });
    expect(await errorOf(own.emit('pass on', 'text', { acknowledge: true }))).toEqual({ own: 'plain text' });
    const lost = { own: { code: 'NO_HANDLER', sent: 'answered', retryable: false } };
    expect(await errorOf(own.send('unknown', {}))).toMatchObject(lost);
    expect(await errorOf(own.emit('unknown', {}, { acknowledge: true }))).toMatchObject(lost);
    await own.close();
    const closed = { own: { code: 'CLOSED', sent: 'never', retryable: false } };
    expect(await errorOf(own.send('echo', {}))).toMatchObject(closed);
    expect(await errorOf(own.emit('echo', {}))).toMatchObject(closed);
  });

  it('end a call that a subclass has no words for, and no other', async () => {
    const broken = stage.track(new BrokenClient({ url }));
    const bystander = errorOf(broken.send('pass on', 'text'));
    const noWords = { message: 'no words' };
    expect(await errorOf(broken.send('echo', 1))).toMatchObject(noWords);
    expect(await errorOf(broken.emit('pass on', 1, { acknowledge: true }))).toMatchObject(noWords);
    expect(await bystander).toMatchObject({ ...noWords, cause: 'plain text' });
    expect(await firstValueFrom(broken.status)).toBe('connected');
  });

  it('end a stream that a subclass has no words for, at its handler too', async () => {
    const broken = stage.track(new BrokenClient({ url }));
    for (const read of [failureOfIteration, errorOf]) {
      const failure = read(broken.send('ticks', {}));
      await until('it is followed', () => ticks$.observed);
      ticks$.next(1);
      expect(await failure).toMatchObject({ message: 'no words' });
      await until('its handler has ended', () => !ticks$.observed);
    }
  });
});

async function failureOfIteration(stream: AsyncIterable<unknown>): Promise<unknown> {
  const items: unknown[] = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail, but gave ${String(items)}`);
}

/** As one that turns what it knows into what a caller would be told. */
@Catch(RangeError)
class ThrowingFilter implements ExceptionFilter<RangeError> {
  catch({ message }: RangeError): never {
    throw new RpcException(message);
  }
}

@Controller()
@UseFilters(ThrowingFilter, HeartwireExceptionFilter)
class FailingEventsController {
  @EventPattern('conflict')
  conflict(@Payload() what: string): void {
    throw new ConflictException(what);
  }

  @EventPattern('range')
  range(@Payload() what: string): void {
    throw new RangeError(what);
  }
}

describe('what an event fails with that nobody waits for', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  it.each(['conflict', 'range'])('is logged where a filter would tell a caller: %s', async (pattern) => {
    const { url } = await stage.serve({ controllers: [FailingEventsController] });
    stage.client(url).emit(pattern, 'two of a kind');
    await until('it is logged', () =>
      stage.logger.texts('error').some((text) => text.includes('two of a kind')),
    );
  });
});

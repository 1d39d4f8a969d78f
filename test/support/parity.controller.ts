import {
  type ArgumentsHost,
  BadRequestException,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  UseFilters,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import {
  type BaseRpcContext,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import { IsInt } from 'class-validator';
import { concat, concatMap, delay, EMPTY, from, map, NEVER, type Observable, of, throwError } from 'rxjs';

class CountDto {
  @IsInt()
  readonly count: number;
}

class Refuse implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Catch(RangeError)
class RangeFilter implements ExceptionFilter<RangeError> {
  catch(error: RangeError, host: ArgumentsHost): Observable<never> {
    return throwError(() => ({ outOfRange: error.message, data: host.switchToRpc().getData<unknown>() }));
  }
}

/** What handlers throw; a call names one of them. */
export const THROWN: Readonly<Record<string, unknown>> = {
  'RpcException, text': new RpcException('out of tea'),
  'RpcException, empty text': new RpcException(''),
  'RpcException, object': new RpcException({
    code: 'E_TEA',
    status: 409,
    message: 'out of tea',
    item: { sku: 7 },
  }),
  'RpcException, object without message': new RpcException({ reason: 'tea' }),
  'RpcException, list': new RpcException(['one', 'two']),
  Error: new Error('a secret'),
  TypeError: new TypeError('another secret'),
  HttpException: new BadRequestException(['name must not be empty']),
  text: 'a text',
  'empty text': '',
  number: 7,
  zero: 0,
  object: { plain: 'object' },
  null: null,
  undefined: undefined,
  RangeError: new RangeError('too far'),
};

/** What handlers give; a call names one of them. */
export const RESULTS: Readonly<Record<string, unknown>> = {
  text: 'tea ☕ \u0000 "quoted" \ud83d\ude00',
  empty: '',
  zero: 0,
  minusZero: -0,
  notANumber: NaN,
  false: false,
  null: null,
  undefined: undefined,
  emptyObject: {},
  list: [undefined, null, [[]]],
  date: new Date(0),
  nested: { bytes: Buffer.from([1, 2]), gone: undefined, map: new Map([[1, 2]]) },
  // The members by which packets are told apart, as data.
  packetLike: { id: 1, err: 'none', response: 2, isDisposed: true, pattern: 'x', type: 'cancel' },
};

/** Served over two transports, to compare what their callers see. */
@Controller()
@UseFilters(RangeFilter)
export class ParityController {
  readonly heard: unknown[] = [];

  @MessagePattern('result')
  result(name: string): unknown {
    return RESULTS[name];
  }

  @MessagePattern('result, streamed')
  streamed(name: string): Observable<unknown> {
    return of(RESULTS[name], RESULTS[name]);
  }

  @MessagePattern('result, after a while')
  later(name: string): Observable<unknown> {
    return concat(of(RESULTS[name]), EMPTY.pipe(delay(0)), of(RESULTS[name]).pipe(delay(0)));
  }

  @MessagePattern('throw')
  throw(name: string): never {
    throw THROWN[name];
  }

  @MessagePattern('reject')
  reject(name: string): Promise<never> {
    return Promise.reject(THROWN[name]);
  }

  @MessagePattern('error after two')
  errorAfterTwo(name: string): Observable<number> {
    return concat(
      of(1, 2),
      throwError(() => THROWN[name]),
    );
  }

  @MessagePattern('error later')
  errorLater(name: string): Observable<number> {
    return from([1, 2, 3]).pipe(
      concatMap((value) => of(value).pipe(delay(0))),
      map((value) => {
        if (value === 3) throw THROWN[name];
        return value;
      }),
    );
  }

  @MessagePattern({ cmd: 'object', nested: { list: [1, 'a'] } })
  byObject(): string {
    return 'object pattern';
  }

  @MessagePattern('{"looks":"like"}')
  byJsonText(): string {
    return 'JSON text as pattern';
  }

  @MessagePattern(7)
  byNumber(): string {
    return 'number pattern';
  }

  @UseGuards(Refuse)
  @MessagePattern('guarded')
  guarded(): void {}

  @UsePipes(new ValidationPipe())
  @MessagePattern('validated')
  validated(@Payload() dto: CountDto): number {
    return dto.count;
  }

  @MessagePattern('endless')
  endless(): Observable<number> {
    return concat(of(1, 2, 3), NEVER);
  }

  @EventPattern('event')
  event(data: unknown): string {
    this.heard.push(data);
    return 'what an event gives';
  }

  @EventPattern({ told: { by: 'object', at: 1 } })
  told(@Ctx() context: BaseRpcContext): void {
    this.heard.push(context.getArgByIndex(1));
  }

  // Handlers of two kinds for one pattern: which of them run depends on which is first.

  @MessagePattern('message first')
  messageFirst(data: unknown): string {
    this.heard.push('message', data);
    return 'message';
  }

  @EventPattern('message first')
  eventSecond(data: unknown): string {
    this.heard.push('event', data);
    return 'event';
  }

  @EventPattern('event first')
  eventFirst(data: unknown): string {
    this.heard.push('event', data);
    return 'event';
  }

  @MessagePattern('event first')
  messageSecond(data: unknown): string {
    this.heard.push('message', data);
    return 'message';
  }

  @MessagePattern({ asked: { by: 'object', at: 1 } })
  asked(@Ctx() context: BaseRpcContext): unknown {
    return context.getArgByIndex(1);
  }

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    this.heard.push(data);
    return data;
  }
}

import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IsEmail, IsInt, Min } from 'class-validator';
import type { HeartwireClient, HeartwireContext } from 'heartwire';
import { catchError, from, map, type Observable, of, tap, throwError } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

class SignUpDto {
  @IsEmail()
  readonly email: string;

  @IsInt()
  @Min(18)
  readonly age: number;
}

class OutOfStock extends Error {
  constructor(readonly item: string) {
    super(`no ${item} left in warehouse 7`);
  }
}

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const rpc = context.switchToRpc();
    const { metadata } = rpc.getContext<HeartwireContext>();
    return context.getType() === 'rpc' && metadata.key === rpc.getData<{ lock: string }>().lock;
  }
}

@Injectable()
class LoudInterceptor implements NestInterceptor {
  readonly seen: unknown[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rpc = context.switchToRpc();
    this.seen.push(['before', rpc.getContext<HeartwireContext>().getPattern(), rpc.getData()]);
    return next.handle().pipe(
      map((value) => `${String(value)}!`),
      tap({ complete: () => this.seen.push(['after', context.getClass().name, context.getHandler().name]) }),
    );
  }
}

const loud = new LoudInterceptor();

@Injectable()
class CachedInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of('from the cache');
  }
}

@Injectable()
class RescueInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => of({ rescued: (error as OutOfStock).item })));
  }
}

@Catch(OutOfStock)
class OutOfStockFilter implements ExceptionFilter<OutOfStock> {
  catch({ item }: OutOfStock, host: ArgumentsHost): Observable<never> {
    const pattern = host.switchToRpc().getContext<HeartwireContext>().getPattern();
    return throwError(() => ({ status: 409, item, pattern }));
  }
}

@Controller()
class EnhancedController {
  @UseGuards(KeyGuard)
  @MessagePattern('guarded')
  guarded(): string {
    return 'let in';
  }

  @UsePipes(
    new ValidationPipe({ transform: true, exceptionFactory: (faults) => new RpcException({ faults }) }),
  )
  @MessagePattern('validated')
  validated(@Payload() dto: SignUpDto): object {
    return { isDto: dto instanceof SignUpDto, ...dto };
  }

  @MessagePattern('piped')
  piped(
    @Payload('age', new ParseIntPipe({ exceptionFactory: (fault) => new RpcException(fault) })) age: number,
  ): number {
    return age + 1;
  }

  @UseInterceptors(loud)
  @MessagePattern('loud')
  loud(words: string[]): Observable<string> {
    return from(words);
  }

  @UseInterceptors(CachedInterceptor)
  @MessagePattern('cached')
  cached(): never {
    throw new Error('the interceptor answers');
  }

  @UseInterceptors(RescueInterceptor)
  @MessagePattern('rescued')
  rescued(item: string): never {
    throw new OutOfStock(item);
  }

  @UseFilters(OutOfStockFilter)
  @MessagePattern('filtered')
  filtered(item: string): never {
    throw new OutOfStock(item);
  }

  @UseFilters(OutOfStockFilter)
  @MessagePattern('filtered stream')
  filteredStream(item: string): Observable<number> {
    return from([1, 2, 3]).pipe(
      map((value) => {
        if (value === 3) throw new OutOfStock(item);
        return value;
      }),
    );
  }
}

describe('what Nest puts around a handler, served over Heartwire', () => {
  const stage = new Stage();
  let client: HeartwireClient;

  beforeAll(async () => {
    const { url } = await stage.serve({ controllers: [EnhancedController] });
    client = stage.client(url);
  });

  afterAll(() => stage.clear());

  const call = async (
    pattern: string,
    data: unknown,
    metadata: Record<string, string> = {},
  ): Promise<unknown> => {
    const { values, end, error } = await outcomeOf(client.send(pattern, data, { metadata }));
    if (end === 'error') throw Object.assign(new Error(`${pattern} failed`), { error });
    return values.length === 1 ? values[0] : values;
  };

  describe('a guard', () => {
    it('lets a call in that it likes, by its data and metadata', async () => {
      expect(await call('guarded', { lock: 'k1' }, { key: 'k1' })).toBe('let in');
    });

    it('keeps any other out, with the words of Nest', async () => {
      const refused = client.send('guarded', { lock: 'k1' }, { metadata: { key: 'k2' } });
      expect(await errorOf(refused)).toEqual({ status: 'error', message: 'Forbidden resource' });
    });
  });

  describe('a pipe', () => {
    it('gives the handler an instance of its DTO class', async () => {
      const dto = { email: 'ada@example.org', age: 36 };
      expect(await call('validated', dto)).toEqual({ isDto: true, ...dto });
    });

    it('keeps data out that is not valid, and says why', async () => {
      expect(await errorOf(client.send('validated', { email: 'nobody', age: 3 }))).toMatchObject({
        faults: [
          { property: 'email', constraints: { isEmail: 'email must be an email' } },
          { property: 'age', constraints: { min: 'age must not be less than 18' } },
        ],
      });
    });

    it('works on one member of the data', async () => {
      expect(await call('piped', { age: '41' })).toBe(42);
      expect(await errorOf(client.send('piped', { age: 'old' }))).toEqual({
        status: 'error',
        message: 'Validation failed (numeric string is expected)',
      });
    });
  });

  describe('an interceptor', () => {
    it('sees the call before the handler, each value of the answer, and its end', async () => {
      expect(await call('loud', ['tick', 'tock'])).toEqual(['tick!', 'tock!']);
      expect(loud.seen).toEqual([
        ['before', 'loud', ['tick', 'tock']],
        ['after', 'EnhancedController', 'loud'],
      ]);
    });

    it('can answer in place of the handler', async () => {
      expect(await call('cached', {})).toBe('from the cache');
    });

    it('can make an answer of what the handler threw', async () => {
      expect(await call('rescued', 'tea')).toEqual({ rescued: 'tea' });
    });
  });

  describe('an exception filter', () => {
    it('decides what the caller is told', async () => {
      const error = await errorOf(client.send('filtered', 'tea'));
      expect(error).toEqual({ status: 409, item: 'tea', pattern: 'filtered' });
    });

    it('also for a stream that fails after some items', async () => {
      expect(await outcomeOf(client.send('filtered stream', 'tea'))).toEqual({
        values: [1, 2],
        end: 'error',
        error: { status: 409, item: 'tea', pattern: 'filtered stream' },
      });
    });
  });
});

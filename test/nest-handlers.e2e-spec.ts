import { Controller, type INestMicroservice, Injectable, Scope } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HEARTWIRE, type HeartwireClient, HeartwireContext } from 'heartwire';
import { concat, defer, delay, EMPTY, firstValueFrom, from, lastValueFrom, type Observable, of } from 'rxjs';

import { outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

@Controller()
class PatternsController {
  @MessagePattern('sum')
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((total, number) => total + number, 0);
  }

  @MessagePattern({ cmd: 'sum', version: { major: 2 } })
  sumByObject(numbers: number[]): string {
    return `v2: ${String(this.sum(numbers))}`;
  }

  @MessagePattern(42)
  byNumber(): string {
    return 'forty-two';
  }

  @MessagePattern(['first name', { second: 'name' }, 3])
  bySeveral(@Ctx() context: HeartwireContext): string {
    return context.getPattern();
  }

  @MessagePattern('any transport')
  onAny(): string {
    return 'any';
  }

  @MessagePattern('heartwire only', HEARTWIRE)
  onHeartwire(): string {
    return 'heartwire';
  }

  @MessagePattern('tcp only', Transport.TCP)
  onTcp(): string {
    return 'tcp';
  }
}

@Controller()
class ResultsController {
  static readonly values: Readonly<Record<string, unknown>> = {
    text: 'text',
    empty: '',
    zero: 0,
    false: false,
    null: null,
    undefined: undefined,
    list: [1, null, 'two'],
    object: { deep: { er: [{}] }, gone: undefined },
  };

  @MessagePattern('sync')
  sync(name: string): unknown {
    return ResultsController.values[name];
  }

  @MessagePattern('promise')
  async promise(name: string): Promise<unknown> {
    return Promise.resolve(ResultsController.values[name]);
  }

  @MessagePattern('observable')
  observable(name: string): Observable<unknown> {
    return of(ResultsController.values[name]);
  }

  @MessagePattern('observable, later')
  later(name: string): Observable<unknown> {
    return of(ResultsController.values[name]).pipe(delay(0));
  }

  @MessagePattern('promise of an observable')
  async promised(name: string): Promise<Observable<unknown>> {
    return Promise.resolve(of(ResultsController.values[name]));
  }

  @MessagePattern('nothing')
  nothing(): Observable<never> {
    return EMPTY;
  }

  @MessagePattern('all at once')
  several(): Observable<unknown> {
    return from([1, 'two', null, undefined, '', 6]);
  }

  @MessagePattern('bit by bit')
  bits(): Observable<number> {
    return concat(of(1), of(2, 3).pipe(delay(0)), of(4).pipe(delay(0)), EMPTY.pipe(delay(0)));
  }
}

@Injectable()
class Journal {
  readonly entries: unknown[] = [];
}

@Controller()
class EventsController {
  constructor(private readonly journal: Journal) {}

  @EventPattern('user.created')
  first(@Payload('name') name: string): void {
    this.journal.entries.push(`first ${name}`);
  }

  @EventPattern('user.created')
  second(@Payload('name') name: string): Observable<number> {
    return defer(() => of(this.journal.entries.push(`second ${name}`)));
  }

  @EventPattern({ event: 'by object' })
  byObject(data: unknown): void {
    this.journal.entries.push(data);
  }
}

@Controller()
class OtherEventsController {
  constructor(private readonly journal: Journal) {}

  @EventPattern('user.created')
  async third(@Payload('name') name: string): Promise<void> {
    await Promise.resolve();
    this.journal.entries.push(`third ${name}`);
  }
}

@Controller({ scope: Scope.REQUEST })
class ScopedEventsController {
  constructor(private readonly journal: Journal) {}

  @EventPattern('user.created')
  fourth(@Payload('name') name: string): void {
    this.journal.entries.push(`fourth ${name}`);
  }
}

describe('handlers served over Heartwire', () => {
  const stage = new Stage();
  let app: INestMicroservice;
  let client: HeartwireClient;

  beforeAll(async () => {
    const served = await stage.serve({
      controllers: [
        PatternsController,
        ResultsController,
        EventsController,
        OtherEventsController,
        ScopedEventsController,
      ],
      providers: [Journal],
    });
    app = served.app;
    client = stage.client(served.url);
  });

  beforeEach(() => {
    app.get(Journal).entries.length = 0;
  });

  afterAll(() => stage.clear());

  const call = (pattern: unknown, data: unknown = {}): Promise<unknown> =>
    firstValueFrom(client.send(pattern, data));

  describe('patterns', () => {
    it('takes a string', async () => {
      expect(await call('sum', [1, 2, 3])).toBe(6);
    });

    it('takes an object, in whatever order its members come', async () => {
      expect(await call({ version: { major: 2 }, cmd: 'sum' }, [1, 2])).toBe('v2: 3');
      expect(await call({ cmd: 'sum', version: { major: 2 } }, [1, 2])).toBe('v2: 3');
    });

    it('takes a number', async () => {
      expect(await call(42)).toBe('forty-two');
    });

    it.each([['first name'], [{ second: 'name' }], [3]])(
      'takes each of several patterns of one handler: %j',
      async (pattern) => {
        expect(await call(pattern)).toBe(typeof pattern === 'string' ? pattern : JSON.stringify(pattern));
      },
    );

    it('serves handlers of no particular transport and those of HEARTWIRE, but not those of another', async () => {
      expect(await call('any transport')).toBe('any');
      expect(await call('heartwire only')).toBe('heartwire');
      await expect(call('tcp only')).rejects.toMatchObject({
        code: 'NO_HANDLER',
        message: 'There is no matching message handler defined in the remote service.',
      });
    });
  });

  describe('results', () => {
    const WAYS = ['sync', 'promise', 'observable', 'observable, later', 'promise of an observable'];
    const cases = WAYS.flatMap((way) => Object.keys(ResultsController.values).map((name) => [way, name]));

    it.each(cases)('brings what a handler gives by %s: %s', async (way, name) => {
      const value = ResultsController.values[name];
      // JSON has no word for undefined: a single one is no value at all, as with Nest's transports.
      const values = value === undefined ? [] : [JSON.parse(JSON.stringify(value))];
      expect(await outcomeOf(client.send(way, name))).toEqual({ values, end: 'complete', error: undefined });
    });

    it('completes without a value for an empty Observable', async () => {
      expect(await outcomeOf(client.send('nothing', {}))).toEqual({
        values: [],
        end: 'complete',
        error: undefined,
      });
    });

    it('streams the items of an Observable in order, whether they come at once or bit by bit', async () => {
      const atOnce = await outcomeOf(client.send('all at once', {}));
      expect(atOnce).toEqual({
        values: [1, 'two', null, undefined, '', 6],
        end: 'complete',
        error: undefined,
      });
      expect((await outcomeOf(client.send('bit by bit', {}))).values).toEqual([1, 2, 3, 4]);
    });
  });

  describe('events', () => {
    it('runs every handler of an event, in every controller', async () => {
      await lastValueFrom(client.emit('user.created', { name: 'Ada' }, { acknowledge: true }));
      const { entries } = app.get(Journal);
      expect(entries).toHaveLength(4);
      expect(entries).toEqual(expect.arrayContaining(['first Ada', 'second Ada', 'third Ada', 'fourth Ada']));
    });

    it('takes an object as pattern', async () => {
      await lastValueFrom(client.emit({ event: 'by object' }, { id: 7 }, { acknowledge: true }));
      expect(app.get(Journal).entries).toEqual([{ id: 7 }]);
    });

    it('lets an event without a handler pass, with a line in the log of the server', async () => {
      expect(await outcomeOf(client.emit('nobody.listens', {}))).toMatchObject({ end: 'complete' });
      expect(await call('any transport')).toBe('any');
      expect(stage.logger.texts('error')).toContainEqual(
        expect.stringContaining('Event pattern: nobody.listens,'),
      );
    });
  });
});

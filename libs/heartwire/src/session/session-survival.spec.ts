import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import {
  passUntil,
  SessionWorld,
  type WireTraits,
  UPLOADED_AT_ONCE,
  type Work,
  type WorldCall,
} from '../../../../test/support/session-world.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { WireEnd } from '../testing/memory-wire.js';

/** Another seed: `PROPERTY_SEED=… npm test -- session-survival`. A failure prints the one to repeat it with. */
const seed = Number(process.env['PROPERTY_SEED'] ?? 20_261_121);
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 500);

/** No call is given up by its deadline, unless it has a short one. */
const LONG_MS = 1_000_000;

/** Longer than any schedule takes. */
const WINDOW_MS = 200_000;

type Fault =
  | { readonly does: 'call'; readonly work: Work }
  | { readonly does: 'cancel'; readonly index: number }
  | { readonly does: 'cut' }
  | { readonly does: 'cutAfter'; readonly from: WireEnd; readonly bytes: number }
  | { readonly does: 'breakAt' | 'swallow'; readonly from: WireEnd }
  | { readonly does: 'away'; readonly forMs: number }
  | { readonly does: 'restart' };

type Step = readonly [afterMs: number, fault: Fault];

const end = fc.constantFrom<WireEnd>('dialling', 'accepting');

const call = fc.record({
  does: fc.constant('call' as const),
  work: fc.record<Work>({
    pattern: fc.constantFrom(
      'value',
      'value',
      'stream',
      'stream',
      'upload',
      'upload',
      'fault',
      'event',
      'acknowledged event',
    ),
    from: fc.constantFrom('dialling', 'dialling', 'dialling', 'accepting'),
    items: fc.integer({ min: 0, max: 25 }),
    everyMs: fc.integer({ min: 0, max: 20 }),
    paddingBytes: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_500 })),
    timeoutMs: fc.oneof({ arbitrary: fc.constant(LONG_MS), weight: 6 }, fc.integer({ min: 1, max: 300 })),
    isIdempotent: fc.boolean(),
  }),
});

const fault = fc.oneof(
  fc.record({ does: fc.constant('cancel' as const), index: fc.nat(40) }),
  fc.record({ does: fc.constant('cut' as const) }),
  fc.record({ does: fc.constant('cutAfter' as const), from: end, bytes: fc.nat(3_000) }),
  fc.record({ does: fc.constant('breakAt' as const), from: end }),
  fc.record({ does: fc.constant('swallow' as const), from: end }),
);

/** Faults that sessions don't survive. */
const catastrophe = fc.oneof(
  fc.record({ does: fc.constant('away' as const), forMs: fc.constantFrom(500, 4_000) }),
  fc.record({ does: fc.constant('restart' as const) }),
);

function steps(...faults: fc.WeightedArbitrary<Fault>[]): fc.Arbitrary<Step[]> {
  const any = fc.oneof({ arbitrary: call, weight: 5 }, ...faults);
  return fc.array(fc.tuple(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 })), any), {
    minLength: 1,
    maxLength: 40,
  });
}

const wires = fc.array(
  fc
    .record({
      redialMs: fc.integer({ min: 0, max: 80 }),
      pace: fc.constantFrom([0, Infinity], [0, 1], [1, 7], [5, 200], [40, Infinity], [40, 60]),
      cutAfter: fc.option(fc.record({ from: end, bytes: fc.nat(700) }), { nil: undefined }),
    })
    .map(({ redialMs, pace: [delayMs = 0, pieceBytes = 1], cutAfter }): WireTraits => ({
      redialMs,
      delayMs,
      pieceBytes,
      cutAfter,
    })),
  { maxLength: 8 },
);

function run(world: SessionWorld, schedule: readonly Step[]): void {
  for (const [afterMs, step] of schedule) {
    jest.advanceTimersByTime(afterMs);
    switch (step.does) {
      case 'call':
        world.call(step.work);
        break;
      case 'cancel':
        world.cancel(step.index);
        break;
      case 'cut':
        world.cut();
        break;
      case 'cutAfter':
        world.cutAfter(step.from, step.bytes);
        break;
      case 'breakAt':
        world.breakAt(step.from);
        break;
      case 'swallow':
        world.swallow(step.from);
        break;
      case 'away':
        world.away(step.forMs);
        break;
      case 'restart':
        world.restart();
        break;
    }
  }
  world.heal();
  passUntil(() => world.isSettled, 'every call ends', 60_000);
  // An event ends when it is sent: it may still be on its way.
  jest.advanceTimersByTime(10_000);
  passUntil(() => world.isSettled, 'every event is handled');
}

/** What a stream's caller may have been given: its items from the first on, none missing, none twice. */
function firstOf(items: number): number[] {
  return Array.from({ length: items }, (_, item) => item);
}

function expectGapless({ record, work }: WorldCall): void {
  if (work.pattern === 'stream') expect(record.values).toEqual(firstOf(record.values.length));
  else expect(record.values.length).toBeLessThanOrEqual(1);
}

function endedByDeadline({ record, work }: WorldCall): boolean {
  const isLate = (record.failure as { code?: string } | undefined)?.code === 'DEADLINE_EXCEEDED';
  if (isLate) expect(work.timeoutMs).toBeLessThan(LONG_MS);
  return isLate;
}

/** What was asked for, exactly. */
function expectAnswered({ record, work, runs }: WorldCall): void {
  expect(runs).toBe(1);
  if (work.pattern === 'fault') {
    expect(record.ends).toEqual(['error']);
    expect(record.failure).toMatchObject({ status: 'error' });
    return;
  }
  expect({ ends: record.ends, failure: record.failure }).toEqual({ ends: ['complete'], failure: undefined });
  if (work.pattern === 'stream') expect(record.values).toEqual(firstOf(work.items));
  else if (work.pattern === 'upload') expect(record.values).toEqual([firstOf(work.items * UPLOADED_AT_ONCE)]);
  else expect(record.values).toHaveLength(work.pattern === 'value' ? 1 : 0);
}

/** Both ends know that everything has arrived: a new wire carries nothing twice. */
function expectEmptyLogs(world: SessionWorld): void {
  jest.advanceTimersByTime(5_000);
  const readies = world.dialling.readies.length;
  world.cut();
  passUntil(() => world.dialling.readies.length > readies, 'the session goes on');
  jest.advanceTimersByTime(10);
  expect(world.dialling.readies.at(-1)).toBe(true);
  const types = world.arrived.map((text) => (JSON.parse(text) as { type?: string }).type);
  expect(types).toEqual(['welcome', 'hello', 'ready']);
}

function expectNothingLeft(world: SessionWorld): void {
  world.close();
  // A session whose "ready" was lost waits for an end that never heard of it.
  jest.advanceTimersByTime(WINDOW_MS + 10_000);
  expect(world.accepting.sessions.size).toBe(0);
  expect(jest.getTimerCount()).toBe(0);
}

describe('a session', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  it('loses nothing and does nothing twice, whatever becomes of its links', () => {
    fc.assert(
      fc.property(wires, steps({ arbitrary: fault, weight: 2 }), (traits, schedule) => {
        jest.clearAllTimers();
        const limits = { runningCallsPerConnection: 5, deliveryLogBytes: 4_096 };
        const world = new SessionWorld(traits, { resumeWindowMs: WINDOW_MS, limits });
        run(world, schedule);
        for (const made of world.calls) {
          expectGapless(made);
          if (!made.isCancelled && !endedByDeadline(made)) {
            expectAnswered(made);
            continue;
          }
          expect(made.runs).toBeLessThanOrEqual(1);
          expect(made.record.ends.length).toBe(made.isCancelled ? 0 : 1);
        }
        expect(world.dialling.refusals).toEqual([]);
        expect(world.accepting.refusals).toEqual([]);
        expectEmptyLogs(world);
        expectNothingLeft(world);
      }),
      { seed, numRuns },
    );
  });

  it('settles every call once and truly when the session is gone', () => {
    const faults = [
      { arbitrary: fault, weight: 2 },
      { arbitrary: catastrophe, weight: 1 },
    ];
    fc.assert(
      fc.property(wires, steps(...faults), (traits, schedule) => {
        jest.clearAllTimers();
        const limits = { runningCallsPerConnection: 5, deliveryLogBytes: 4_096 };
        const world = new SessionWorld(traits, { resumeWindowMs: 2_000, limits });
        run(world, schedule);
        for (const made of world.calls) {
          expect(made.record.ends).toHaveLength(made.isCancelled ? 0 : 1);
          expectGapless(made);
          if (made.work.isIdempotent) continue;
          expect(made.runs).toBeLessThanOrEqual(1);
          if (made.record.failure instanceof HeartwireError) {
            expect(made.record.failure.code).toMatch(/^(CONNECTION_LOST|DEADLINE_EXCEEDED|CLOSED)$/);
            if (made.record.failure.sent === 'never') expect(made.runs).toBe(0);
          } else if (!made.isCancelled && made.work.pattern !== 'event') {
            expectAnswered(made);
          }
        }
        expect(world.dialling.refusals).toEqual([]);
        expect(world.accepting.refusals).toEqual([]);
        expectEmptyLogs(world);
        expectNothingLeft(world);
      }),
      { seed, numRuns },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { idleKeeper } from '../../../../test/support/idle-keeper.js';
import type { CallId } from '../protocol/messages.js';
import { RunningCalls } from './running-calls.js';
import { ServedCall } from './served-call.js';

function callOf(id: CallId): ServedCall {
  return new ServedCall(idleKeeper, id, false, 'echo', 'data', undefined, Infinity);
}

/** Few enough that they meet: as they come, modulo any number of slots, and in whatever form. */
const id: fc.Arbitrary<CallId> = fc.oneof(
  fc.nat({ max: 60 }),
  fc.nat({ max: 8 }).map((n) => n * 1_024 + 7),
  fc.nat({ max: 8 }).map(String),
  fc.constantFrom(-1, -16, 0.5, 7.25, 2 ** 31 + 7, 2 ** 53, '', '7.25'),
);

describe('RunningCalls', () => {
  it('has each call under its id until it is removed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 300 }), (steps) => {
        const table = new RunningCalls();
        const model = new Map<CallId, ServedCall>();
        for (const [each, leaves] of steps) {
          const call = model.get(each);
          expect(table.get(each)).toBe(call);
          if (call === undefined) {
            const added = callOf(each);
            table.add(added, each);
            model.set(each, added);
          } else if (leaves) {
            expect(table.remove(callOf(each))).toBe(false);
            expect(table.remove(call)).toBe(true);
            expect(table.remove(call)).toBe(false);
            model.delete(each);
          }
          expect(table.count).toBe(model.size);
        }
        expect(new Set(table)).toEqual(new Set(model.values()));
        for (const [each, call] of model) expect(table.get(each)).toBe(call);
      }),
    );
  });

  it('knows no call without an id', () => {
    const table = new RunningCalls();
    const event = new ServedCall(idleKeeper, undefined, true, 'told', 'data', undefined, Infinity);
    expect(table.remove(event)).toBe(false);
    expect(table.count).toBe(0);
  });
});

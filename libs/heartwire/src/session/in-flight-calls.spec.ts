import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { callBody } from './call-body.js';
import { InFlightCalls } from './in-flight-calls.js';
import { OutgoingCall } from './outgoing-call.js';

function add(table: InFlightCalls): OutgoingCall {
  const nobody = { next: () => undefined, error: () => undefined, complete: () => undefined };
  const call = new OutgoingCall('request', callBody('sum', [1]), nobody, Infinity, 1_000);
  call.id = table.nextId();
  table.add(call, call.id);
  return call;
}

describe('InFlightCalls', () => {
  it('finds each call by its id until it is removed', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('add' as const) },
      { weight: 4, arbitrary: fc.nat() },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new InFlightCalls();
        const model = new Map<number, OutgoingCall>();
        const settled = new Set<number>();
        for (const item of steps) {
          if (item === 'add') {
            const call = add(table);
            expect(settled.has(call.id) || model.has(call.id)).toBe(false);
            model.set(call.id, call);
          } else if (model.size > 0) {
            const [id, call] = [...model][item % model.size] ?? [];
            if (id === undefined || call === undefined) throw new Error('unreachable');
            expect(table.remove(call)).toBe(true);
            expect(table.remove(call)).toBe(false);
            model.delete(id);
            settled.add(id);
          }
          expect(table.count).toBe(model.size);
        }
        for (const [id, call] of model) expect(table.get(id)).toBe(call);
        for (const id of settled) expect(table.get(id)).toBeUndefined();
        expect(table.clear()).toEqual([...model.values()]);
        expect(table.count).toBe(0);
      }),
    );
  });

  it('passes over the slots of calls that stay for long', () => {
    const table = new InFlightCalls();
    const staying = Array.from({ length: 5 }, () => add(table));
    let lastId = 0;
    for (let n = 0; n < 10_000; n++) {
      const call = add(table);
      expect(call.id).toBeGreaterThan(lastId);
      lastId = call.id;
      table.remove(call);
    }
    for (const call of staying) expect(table.get(call.id)).toBe(call);
    expect(lastId).toBeLessThan(20_000);
  });

  it('has no call under an id that it never gave', () => {
    const table = new InFlightCalls();
    add(table);
    for (const id of ['1', 1.5, -15, 17, 2 ** 53, NaN]) expect(table.get(id)).toBeUndefined();
  });
});

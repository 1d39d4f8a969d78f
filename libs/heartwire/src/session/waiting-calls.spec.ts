import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { callBody } from './call-body.js';
import { OutgoingCall } from './outgoing-call.js';
import { WaitingCalls } from './waiting-calls.js';

function call(): OutgoingCall {
  const nobody = { next: () => undefined, error: () => undefined, complete: () => undefined };
  return new OutgoingCall('request', callBody('sum', [1]), nobody, Infinity, 1_000);
}

describe('WaitingCalls', () => {
  it('lets calls go in the order in which they came, also when some leave the line', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('push' as const) },
      { weight: 3, arbitrary: fc.constant('shift' as const) },
      { weight: 2, arbitrary: fc.nat() },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const line = new WaitingCalls();
        const model: OutgoingCall[] = [];
        for (const item of steps) {
          if (item === 'push') {
            const next = call();
            line.push(next);
            model.push(next);
          } else if (item === 'shift') {
            expect(line.shift()).toBe(model.shift());
          } else if (model.length > 0) {
            const [leaver] = model.splice(item % model.length, 1);
            if (leaver === undefined) throw new Error('unreachable');
            expect(line.remove(leaver)).toBe(true);
            expect(line.remove(leaver)).toBe(false);
          }
          expect(line.count).toBe(model.length);
          expect(line.bytes).toBe(model.reduce((sum, { body }) => sum + body.sizeBytes, 0));
        }
        expect([...line]).toEqual(model);
        expect(line.clear()).toEqual(model);
        expect(line.count).toBe(0);
      }),
    );
  });

  it('keeps no place for calls that left, however many they were', () => {
    const line = new WaitingCalls();
    const first = call();
    line.push(first);
    for (let n = 0; n < 10_000; n++) {
      const passer = call();
      line.push(passer);
      line.remove(passer);
      expect(passer.place).toBeLessThan(1_100);
    }
    expect(line.shift()).toBe(first);
  });

  it('knows a call that never stood in it, or has left', () => {
    const line = new WaitingCalls();
    const one = call();
    line.push(one);
    expect(line.remove(call())).toBe(false);
    expect(line.shift()).toBe(one);
    expect(line.remove(one)).toBe(false);
    expect(line.shift()).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { idleKeeper } from '../../../../test/support/idle-keeper.js';
import { RunningEvents } from './running-events.js';
import { ServedCall } from './served-call.js';

function event(): ServedCall {
  return new ServedCall(idleKeeper, undefined, true, 'told', 'data', undefined, Infinity);
}

describe('RunningEvents', () => {
  it('has each event until it is removed', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { maxLength: 100 }), (steps) => {
        const events = new RunningEvents();
        const model = new Set<ServedCall>();
        for (const step of steps) {
          const call = step === null ? undefined : [...model][step % model.size];
          if (call === undefined) {
            const added = event();
            events.add(added);
            model.add(added);
          } else {
            expect(events.remove(call)).toBe(true);
            expect(events.remove(call)).toBe(false);
            model.delete(call);
          }
          expect(events.count).toBe(model.size);
          expect(new Set(events)).toEqual(model);
        }
        expect(events.remove(event())).toBe(false);
      }),
    );
  });
});

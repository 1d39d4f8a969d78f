import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Fifo } from './fifo.js';

describe('Fifo', () => {
  it('gives back what was put in, first in, first out, whatever comes between', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.integer() },
      { weight: 2, arbitrary: fc.constant('shift') },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const fifo = new Fifo<unknown>();
        const model: unknown[] = [];
        for (const item of steps) {
          if (item === 'shift') {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            fifo.push(item);
            model.push(item);
          }
          expect(fifo.length).toBe(model.length);
          expect([...fifo]).toEqual(model);
        }
      }),
    );
  });

  it('is empty once cleared, and of use again', () => {
    const fifo = new Fifo<number>();
    for (let item = 0; item < 100; item++) fifo.push(item);
    fifo.clear();
    expect(fifo.length).toBe(0);
    expect(fifo.shift()).toBeUndefined();
    fifo.push(7);
    expect([...fifo]).toEqual([7]);
  });
});

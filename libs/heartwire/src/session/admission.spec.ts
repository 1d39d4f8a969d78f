import { describe, expect, it } from '@jest/globals';

import { Admission } from './admission.js';

/** More than the stack has room for, if each were started by the one before. */
const MANY = 20_000;

describe('Admission', () => {
  it('starts those that wait in order, as many as there is room for', () => {
    const admission = new Admission(2);
    const started: string[] = [];
    const wait = (name: string): void => {
      admission.whenRoom(() => {
        admission.enter();
        started.push(name);
      });
    };
    admission.enter();
    admission.enter();
    for (const name of ['a', 'b', 'c']) wait(name);
    admission.leave();
    expect(started).toEqual(['a']);
    admission.leave();
    expect(started).toEqual(['a', 'b']);
  });

  it('starts any number of those that are over at once', () => {
    const admission = new Admission(1);
    let count = 0;
    admission.enter();
    for (let n = 0; n < MANY; n++) {
      admission.whenRoom(() => {
        admission.enter();
        count += 1;
        admission.leave();
      });
    }
    admission.leave();
    expect(count).toBe(MANY);
    expect(admission.isFull).toBe(false);
  });
});

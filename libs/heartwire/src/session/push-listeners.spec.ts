import { describe, expect, it } from '@jest/globals';

import { PushListeners } from './push-listeners.js';

describe('PushListeners', () => {
  it('forgets a route once the last who listens to it has left, and not before', () => {
    const listeners = new PushListeners();
    const heard: unknown[] = [];
    const first = listeners.on$('news').subscribe((data) => heard.push(['first', data]));
    const second = listeners.on$('news').subscribe((data) => heard.push(['second', data]));
    listeners.to('news')?.next(1);
    first.unsubscribe();
    listeners.to('news')?.next(2);
    expect(heard).toEqual([
      ['first', 1],
      ['second', 1],
      ['second', 2],
    ]);
    expect(listeners.isEmpty).toBe(false);
    second.unsubscribe();
    expect(listeners.isEmpty).toBe(true);
    expect(listeners.to('news')).toBeUndefined();
  });
});

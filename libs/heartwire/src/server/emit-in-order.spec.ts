import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';

import { emitInOrder } from './emit-in-order.js';

describe('what is told in order', () => {
  it('tells everybody of one event before anybody hears of the next', () => {
    const subject = new Subject<number>();
    const events$ = subject.pipe(emitInOrder());
    const [eager, late]: [number[], number[]] = [[], []];
    events$.subscribe((event) => {
      eager.push(event);
      if (event < 3) subject.next(event + 1);
    });
    events$.subscribe((event) => late.push(event));
    subject.next(1);
    expect(eager).toEqual([1, 2, 3]);
    expect(late).toEqual([1, 2, 3]);
  });

  it('tells of any number of events that follow from each other', () => {
    const subject = new Subject<number>();
    let last = 0;
    subject.pipe(emitInOrder()).subscribe((event) => {
      last = event;
      if (event < 100_000) subject.next(event + 1);
    });
    subject.next(1);
    expect(last).toBe(100_000);
  });

  it('tells of what follows from something else that is told, before that goes on', () => {
    const [outer, inner] = [new Subject<string>(), new Subject<string>()];
    const [outer$, inner$] = [outer.pipe(emitInOrder()), inner.pipe(emitInOrder())];
    const seen: string[] = [];
    inner$.subscribe((event) => seen.push(event));
    outer$.subscribe((event) => {
      inner.next(`of ${event}`);
    });
    outer$.subscribe((event) => seen.push(event));
    outer.next('this');
    expect(seen).toEqual(['of this', 'this']);
  });

  it('completes once everything has been told', () => {
    const subject = new Subject<string>();
    const events$ = subject.pipe(emitInOrder());
    const seen: string[] = [];
    events$.subscribe((event) => {
      if (event !== 'last words') return;
      subject.next('the end');
      subject.complete();
    });
    events$.subscribe({ next: (event) => seen.push(event), complete: () => seen.push('complete') });
    subject.next('last words');
    expect(seen).toEqual(['last words', 'the end', 'complete']);
  });
});

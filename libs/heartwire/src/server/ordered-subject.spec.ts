import { describe, expect, it } from '@jest/globals';

import { OrderedSubject } from './ordered-subject.js';

describe('an ordered subject', () => {
  it('tells everybody of one event before anybody hears of the next', () => {
    const subject = new OrderedSubject<number>();
    const [eager, late]: [number[], number[]] = [[], []];
    subject.events$.subscribe((event) => {
      eager.push(event);
      if (event < 3) subject.next(event + 1);
    });
    subject.events$.subscribe((event) => late.push(event));
    subject.next(1);
    expect(eager).toEqual([1, 2, 3]);
    expect(late).toEqual([1, 2, 3]);
  });

  it('completes once everything has been told', () => {
    const subject = new OrderedSubject<string>();
    const seen: string[] = [];
    subject.events$.subscribe((event) => {
      if (event !== 'last words') return;
      subject.next('the end');
      subject.complete();
    });
    subject.events$.subscribe({ next: (event) => seen.push(event), complete: () => seen.push('complete') });
    subject.next('last words');
    expect(seen).toEqual(['last words', 'the end', 'complete']);
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Complaint } from './complaint.js';

describe('a complaint', () => {
  let warned: string[];
  let complaint: Complaint;

  beforeEach(() => {
    jest.useFakeTimers();
    warned = [];
    complaint = new Complaint((message) => warned.push(message));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is made at once, and again after 30 s, with how often it was kept back', () => {
    complaint.make('no Redis');
    complaint.make('no Redis');
    jest.advanceTimersByTime(29_999);
    complaint.make('no Redis');
    expect(warned).toEqual(['no Redis']);
    jest.advanceTimersByTime(1);
    complaint.make('no Redis');
    jest.advanceTimersByTime(30_000);
    complaint.make('no Redis');
    expect(warned).toEqual(['no Redis', 'no Redis (and 2 times before)', 'no Redis']);
  });

  it('is made at once again when what it was about is over', () => {
    complaint.make('no Redis');
    complaint.make('no Redis');
    complaint.settle();
    complaint.make('no Redis');
    expect(warned).toEqual(['no Redis', 'no Redis']);
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { FrameDecoder } from '../protocol/frame-decoder.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';
import { monotonicClock } from '../timing/clock.js';
import { PartialFrameDeadline } from './partial-frame-deadline.js';

const TIMEOUT_MS = 1_000;

describe('PartialFrameDeadline', () => {
  let decoder: FrameDecoder;
  let deadline: PartialFrameDeadline;
  let violations: ProtocolViolation[];
  let frames: number;
  /** How far the clock is ahead of the timers: they come so late. */
  let aheadMs: number;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    decoder = new FrameDecoder(10_000_000);
    violations = [];
    frames = 0;
    aheadMs = 0;
    const clock = { now: () => monotonicClock.now() + aheadMs };
    deadline = new PartialFrameDeadline(decoder, clock, TIMEOUT_MS, {
      violated: (violation) => violations.push(violation),
    });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  function read(...bytes: readonly number[]): void {
    decoder.push(Uint8Array.from(bytes), () => (frames += 1));
    deadline.check();
  }

  /** The header of a payload of so many bytes. */
  const header = (bytes: number): number[] =>
    [bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes].map((b) => b & 255);

  it('sets no timer for frames that come whole', () => {
    read(...header(1), 65);
    read(...header(2), 65, 66, ...header(0));
    expect(frames).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives up a frame that does not end in time', () => {
    read(...header(10), 65);
    jest.advanceTimersByTime(TIMEOUT_MS);
    expect(violations).toEqual([]);
    jest.advanceTimersByTime(10);
    expect(violations).toMatchObject([
      { code: 'PROTOCOL_ERROR', message: 'a frame of 10 bytes must be complete within 1000 ms' },
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives up one whose header alone does not end', () => {
    read(0, 0);
    jest.advanceTimersByTime(TIMEOUT_MS + 10);
    expect(violations).toMatchObject([{ message: 'a header must be complete within 1000 ms' }]);
  });

  it('gives up one that trickles, byte by byte', () => {
    read(...header(1_000));
    for (let ms = 0; ms < TIMEOUT_MS + 20; ms += 10) {
      jest.advanceTimersByTime(10);
      if (violations.length === 0) read(65);
    }
    expect(violations).toHaveLength(1);
  });

  it('gives a long frame the time that it takes at 64 KiB/s', () => {
    read(...header(655_360));
    jest.advanceTimersByTime(TIMEOUT_MS + 9_990);
    expect(violations).toEqual([]);
    jest.advanceTimersByTime(20);
    expect(violations).toHaveLength(1);
    expect(violations[0]?.message).toContain('within 11000 ms');
  });

  it('counts anew for each frame, however many follow one another without a pause', () => {
    read(...header(2), 65);
    for (let frame = 0; frame < 20; frame += 1) {
      jest.advanceTimersByTime(TIMEOUT_MS - 100);
      read(66, ...header(2), 65);
      expect(jest.getTimerCount()).toBeLessThanOrEqual(1);
    }
    expect(frames).toBe(20);
    expect(violations).toEqual([]);
    jest.advanceTimersByTime(TIMEOUT_MS + 10);
    expect(violations).toHaveLength(1);
  });

  it('gives a frame all its time again where the process was held up: the rest of it may not be read yet', () => {
    read(...header(2), 65);
    aheadMs = 5_000;
    jest.advanceTimersByTime(TIMEOUT_MS + 10);
    expect(violations).toEqual([]);
    read(66);
    expect(frames).toBe(1);
  });

  it('gives it that once, where the process is held up again and again', () => {
    read(...header(2), 65);
    aheadMs = 5_000;
    jest.advanceTimersByTime(TIMEOUT_MS + 10);
    aheadMs += 5_000;
    read();
    expect(violations).toEqual([]);
    jest.advanceTimersByTime(TIMEOUT_MS);
    expect(violations).toHaveLength(1);
  });

  it('says nothing once the frame is complete, or once it was stopped', () => {
    read(...header(2), 65);
    read(66);
    jest.advanceTimersByTime(2 * TIMEOUT_MS);
    read(...header(2), 65);
    deadline.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(2 * TIMEOUT_MS);
    expect(violations).toEqual([]);
  });
});

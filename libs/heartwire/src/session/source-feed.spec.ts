import { beforeEach, describe, expect, it } from '@jest/globals';
import { from, Observable, of, Subject } from 'rxjs';

import { SourceFeed } from './source-feed.js';
import { isStreamSource, type StreamSource, stopUnused } from './stream-source.js';

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function thrower(): never {
  throw new Error('broken');
}

/** Gives numbers for ever, and notes that it was ended. */
async function* numbers(ended: () => void): AsyncGenerator<number> {
  try {
    for (let item = 0; ; item++) yield await Promise.resolve(item);
  } finally {
    ended();
  }
}

describe('SourceFeed', () => {
  let told: unknown[];
  let feed: SourceFeed;

  /** One that is stopped with its first item, and then hears at most of a teardown that throws. */
  function stoppedAtOnce(): SourceFeed {
    const stopped: SourceFeed = new SourceFeed({
      pushed: () => stopped.stop(),
      pulled: thrower,
      ended: thrower,
      failed: thrower,
      stoppedWith: (error) => told.push(error),
    });
    return stopped;
  }

  beforeEach(() => {
    told = [];
    feed = new SourceFeed({
      pushed: (value) => told.push(['pushed', value]),
      pulled: (value) => told.push(['pulled', value]),
      ended: () => told.push('ended'),
      failed: (error) => told.push(['failed', error]),
      stoppedWith: (error) => told.push(['stopped with', error]),
    });
  });

  it('gives what an Observable pushes, and its end', () => {
    feed.start(of(1, 2));
    expect(told).toEqual([['pushed', 1], ['pushed', 2], 'ended']);
    expect(feed.canWait).toBe(false);
  });

  it('gives one item for each time that it is asked, one after the other', async () => {
    const source = numbers(() => told.push('finally'));
    feed.start(source);
    expect(feed.canWait).toBe(true);
    await later();
    expect(told).toEqual([]);
    feed.pull();
    feed.pull();
    await later();
    expect(told).toEqual([['pulled', 0]]);
    feed.stop();
    feed.pull();
    await later();
    expect(told).toEqual([['pulled', 0], 'finally']);
  });

  it('ends an Observable that gives all its items at once, while it gives them', () => {
    let given = 0;
    const endless = from(
      (function* () {
        while (given < 1_000) yield ++given;
      })(),
    );
    stoppedAtOnce().start(endless);
    expect(given).toBeLessThan(3);
    expect(told).toEqual([]);
  });

  it('only tells of a teardown that throws when the source was stopped while it was subscribed to', () => {
    stoppedAtOnce().start(
      new Observable((subscriber) => {
        subscriber.next(1);
        return thrower;
      }),
    );
    expect(told).toEqual([expect.objectContaining({ errors: [new Error('broken')] })]);
  });

  it('ends with an Observable whose teardown throws once it has ended at once', () => {
    feed.start(
      new Observable((subscriber) => {
        subscriber.next(1);
        subscriber.complete();
        return thrower;
      }),
    );
    expect(told).toEqual([['pushed', 1], 'ended']);
  });

  it('fails with an iterator that gives no result', async () => {
    feed.start({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(undefined as never) }),
    });
    feed.pull();
    await later();
    expect(told).toEqual([['failed', expect.any(TypeError)]]);
  });

  it('drops an item that comes once it was stopped', async () => {
    feed.start(numbers(() => told.push('finally')));
    feed.pull();
    feed.stop();
    await later();
    expect(told).toEqual(['finally']);
  });

  it('stops an Observable at once, even inside its own subscription', () => {
    let isOver = false;
    const source$ = new Observable<number>((subscriber) => {
      subscriber.next(1);
      return () => (isOver = true);
    });
    stoppedAtOnce().start(source$);
    expect(isOver).toBe(true);
    expect(told).toEqual([]);
  });

  it('stops a Web stream whose item is awaited', async () => {
    let reason: unknown;
    const web = new ReadableStream({ cancel: () => void (reason = 'cancelled') }, { highWaterMark: 0 });
    feed.start(web);
    feed.pull();
    await later();
    feed.stop();
    await later();
    expect(reason).toBe('cancelled');
    expect(told).toEqual([]);
  });

  it('tells what a source throws that was stopped', async () => {
    const stuck = {
      next: () => new Promise<never>(() => undefined),
      return: () => Promise.reject(new Error('stuck')),
    };
    feed.start({ [Symbol.asyncIterator]: () => stuck });
    feed.stop();
    await later();
    expect(told).toEqual([['stopped with', new Error('stuck')]]);
  });

  it.each<[string, unknown]>([
    ['throws when it is begun', { [Symbol.asyncIterator]: thrower }],
    ['throws when it is asked', { [Symbol.asyncIterator]: () => ({ next: thrower }) }],
    ['emits one that throws when it is begun', of({ [Symbol.asyncIterator]: thrower })],
  ])('fails once when its source %s', async (_, source) => {
    feed.start(source as StreamSource);
    feed.pull();
    await later();
    expect(told).toEqual([['failed', expect.any(Error)]]);
  });

  describe('of a stream that an interceptor has wrapped', () => {
    let wrapped$: Subject<unknown>;

    beforeEach(async () => {
      wrapped$ = new Subject();
      feed.start(wrapped$);
      wrapped$.next(numbers(() => told.push('finally')));
      await later();
      expect(told.splice(0)).toEqual([['pulled', 0]]);
    });

    it('goes on when the wrapping is complete', async () => {
      wrapped$.complete();
      feed.pull();
      await later();
      expect(told).toEqual([['pulled', 1]]);
      feed.stop();
      await later();
      expect(told.at(-1)).toBe('finally');
    });

    it('ends the stream when the wrapping fails', async () => {
      wrapped$.error('given up');
      await later();
      expect(told).toEqual([['failed', 'given up'], 'finally']);
    });

    it('leaves the wrapping when the stream is stopped', async () => {
      feed.stop();
      await later();
      expect([told, wrapped$.observed]).toEqual([['finally'], false]);
    });
  });
});

describe('a source that nobody will read', () => {
  it('is told so, unless it has not begun', async () => {
    const told: unknown[] = [];
    const note = (error: unknown): void => void told.push(error);
    stopUnused(new Observable(() => note('subscribed')), note);
    stopUnused({ [Symbol.asyncIterator]: thrower }, note);
    const web = new ReadableStream({ cancel: () => note('cancelled') });
    stopUnused(web, note);
    await later();
    expect(told).toEqual([new Error('broken'), 'cancelled']);
  });
});

describe('what is a stream', () => {
  it.each([of(1), numbers(() => undefined), new ReadableStream()])('%p is', (value) => {
    expect(isStreamSource(value)).toBe(true);
  });

  it.each([null, undefined, 'text', [1], new Uint8Array(1), {}, () => undefined])('%p is none', (value) => {
    expect(isStreamSource(value)).toBe(false);
  });
});

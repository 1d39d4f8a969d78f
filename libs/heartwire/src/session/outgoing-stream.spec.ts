import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

import { describe, expect, it } from '@jest/globals';
import { from, Observable, of, range, Subject } from 'rxjs';

import { until } from '../../../../test/support/until.js';
import { ErrorCode } from '../errors/error-code.js';
import { type HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing } from '../protocol/outgoing.js';
import {
  type BulkRoom,
  OutgoingStream,
  type Overflow,
  STREAM_WINDOW_BYTES,
  type StreamBounds,
} from './outgoing-stream.js';
import type { StreamSource } from './stream-source.js';

const BOUNDS: StreamBounds = {
  maxFrameBytes: 300_000,
  streamBufferItems: 10,
  streamBufferBytes: 100_000,
  outgoingStreamBytes: 10_000_000,
};

interface StreamOptions extends Partial<StreamBounds> {
  readonly credit?: number;
  readonly overflow?: Overflow;
  readonly marksLast?: boolean;
  readonly cutsBytes?: boolean;
  readonly say?: (value: unknown) => Outgoing;
}

/** A stream, with all that it said and told. */
class Stage implements BulkRoom {
  hasBulkRoom = true;
  aheadBytes = 0;
  readonly said: unknown[] = [];
  readonly finished: unknown[] = [];
  readonly waits: string[] = [];
  readonly stream: OutgoingStream;
  private readonly waiters = new Set<() => void>();

  constructor({
    credit = 64,
    overflow,
    marksLast = false,
    cutsBytes = true,
    say,
    ...bounds
  }: StreamOptions = {}) {
    const streamHost = {
      marksLast,
      cutsBytes,
      item: (value: unknown, isLast: boolean, more: boolean): Outgoing => {
        if (say !== undefined) return say(value);
        const size = value instanceof Uint8Array ? value.byteLength : value;
        return [String(size), isLast && 'last', more && 'more'].filter(Boolean).join(' ');
      },
      end: () => 'end',
      failure: (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`,
      finished: (...outcome: unknown[]) => void this.finished.push(outcome),
      stoppedWith: () => undefined,
      waitsFor: (side: string) => void this.waits.push(side),
    };
    this.stream = new OutgoingStream(streamHost, this, { ...BOUNDS, ...bounds }, credit, overflow);
  }

  pushBulk(message: Outgoing): void {
    this.said.push(message);
  }

  afterBulk(task: () => void): void {
    task();
  }

  whenBulkRoom(waiter: () => void): void {
    this.waiters.add(waiter);
  }

  forgetBulk(waiter: () => void): void {
    this.waiters.delete(waiter);
  }

  /** The rest of the tick comes, with room or without. */
  async tick(hasBulkRoom = true): Promise<void> {
    this.hasBulkRoom = hasBulkRoom;
    for (const waiter of [...this.waiters]) {
      this.waiters.delete(waiter);
      waiter();
    }
    await new Promise(setImmediate);
  }

  get isWaiting(): boolean {
    return this.waiters.size > 0;
  }
}

/** Counts how far it was asked, and whether it was ended. */
function counter(): { items: AsyncGenerator<number>; asked: () => number; isEnded: () => boolean } {
  let asked = 0;
  let isEnded = false;
  async function* count(): AsyncGenerator<number> {
    try {
      for (;;) yield await Promise.resolve(asked++);
    } finally {
      isEnded = true;
    }
  }
  return { items: count(), asked: () => asked, isEnded: () => isEnded };
}

describe('OutgoingStream', () => {
  it('says of what a Readable of bytes gives that it is a stream of bytes, and of nothing else', async () => {
    const bytes = Buffer.from('abc');
    const say = (value: unknown): Outgoing =>
      value instanceof Uint8Array ? { header: '{"id":1}', bytes: value } : String(value);
    const plain = { header: '{"id":1}', bytes };
    const sources: [StreamSource, unknown][] = [
      [Readable.from([bytes], { objectMode: false }), { header: '{"id":1,"byteStream":true}', bytes }],
      [Readable.from(['text'], { objectMode: false, encoding: 'utf8' }), 'text'],
      [Readable.from([bytes]), plain],
      [of(bytes), plain],
      [ReadableStream.from([bytes]), plain],
    ];
    for (const [source, expected] of sources) {
      const stage = new Stage({ say });
      stage.stream.start(source);
      await until('the stream is over', async () => {
        await stage.tick();
        return stage.finished.length > 0;
      });
      expect(stage.said).toEqual([expected, 'end']);
    }
  });

  it('marks the last item where that is said, or says an end', async () => {
    const marked = new Stage({ marksLast: true });
    marked.stream.start(of('a', 'b'));
    expect([marked.said, marked.finished]).toEqual([['a', 'b last'], [[]]]);
    const ended = new Stage();
    ended.stream.start(of('a', 'b'));
    expect([ended.said, ended.finished]).toEqual([['a', 'b', 'end'], [[]]]);
    const late = new Stage({ marksLast: true });
    const source$ = new Subject<string>();
    late.stream.start(source$);
    source$.next('a');
    await late.tick();
    source$.complete();
    expect(late.said).toEqual(['a', 'end']);
  });

  it('asks a source for no more than its credit, and what is granted', async () => {
    const stage = new Stage({ credit: 3 });
    const { items, asked } = counter();
    stage.stream.start(items);
    await stage.tick();
    expect([stage.said, asked()]).toEqual([['0', '1', '2'], 3]);
    stage.stream.grant(2);
    await stage.tick();
    expect([stage.said.length, asked()]).toEqual([5, 5]);
    stage.stream.stop();
  });

  it('asks a source for no more than its credit while there is no room, and goes on when there is', async () => {
    const stage = new Stage({ credit: 5 });
    stage.hasBulkRoom = false;
    const { items, asked } = counter();
    stage.stream.start(items);
    await stage.tick(false);
    expect([stage.said, asked()]).toEqual([[], 5]);
    await stage.tick();
    expect(stage.said).toHaveLength(5);
    stage.stream.stop();
  });

  it('asks a source for no more than so many bytes ahead', async () => {
    const stage = new Stage({ credit: 64, say: () => 'x'.repeat(100_000) });
    stage.hasBulkRoom = false;
    const { items, asked } = counter();
    stage.stream.start(items);
    await stage.tick(false);
    expect(asked()).toBe(3);
    stage.stream.stop();
  });

  it('cuts long bytes into pieces, each item for one credit', () => {
    const stage = new Stage({ credit: 2, marksLast: true });
    stage.stream.start(from([Buffer.alloc(65_536), Buffer.alloc(150_000), Buffer.alloc(1)]));
    expect(stage.said).toEqual(['65536', '65536 more', '65536 more', '18928']);
    stage.stream.grant(1);
    expect(stage.said.at(-1)).toBe('1 last');
  });

  it('cuts to what a small frame holds, and not at all for a serializer', () => {
    const small = new Stage({ maxFrameBytes: 1_024 });
    small.stream.start(of(Buffer.alloc(1_024)));
    expect(small.said).toEqual(['512 more', '512', 'end']);
    const whole = new Stage({ cutsBytes: false });
    whole.stream.start(of(Buffer.alloc(100_000)));
    expect(whole.said).toEqual(['100000', 'end']);
  });

  it('fails behind its items, when there is credit for them', () => {
    const stage = new Stage({ credit: 1 });
    stage.stream.start(
      new Observable((subscriber) => {
        subscriber.next('a');
        subscriber.next('b');
        subscriber.error(new Error('torn'));
      }),
    );
    expect([stage.said, stage.finished]).toEqual([['a'], []]);
    stage.stream.grant(1);
    expect(stage.said).toEqual(['a', 'b', 'failed: torn']);
    expect(stage.finished).toEqual([[new Error('torn')]]);
  });

  it.each<[Overflow, unknown[]]>([
    ['fail', ['failed: the stream is 12 items (14 bytes) ahead of its receiver']],
    ['drop-oldest', ['18', '19']],
    ['drop-newest', ['0', '1']],
  ])('bounds what an Observable is ahead by: %s', (overflow, first) => {
    const stage = new Stage({ credit: 2, overflow });
    stage.stream.start(range(0, 30));
    stage.stream.grant(98);
    expect(stage.said.slice(0, first.length)).toEqual(first);
    if (overflow !== 'fail') expect(stage.said.slice(-1)).toEqual(['end']);
    if (overflow !== 'fail') expect(stage.said).toHaveLength(13);
  });

  it.each<Overflow>(['drop-oldest', 'drop-newest'])(
    'says its end also when the last item was dropped: %s',
    (overflow) => {
      const stage = new Stage({ credit: 0, overflow, marksLast: true, streamBufferItems: 1 });
      stage.stream.start(of('a', 'b', 'c'));
      stage.stream.grant(10);
      expect(stage.said).toEqual(overflow === 'drop-oldest' ? ['c last'] : ['a', 'end']);
    },
  );

  it('bounds the bytes, too', () => {
    const stage = new Stage({ credit: 0, streamBufferBytes: 1_024, say: () => 'x'.repeat(500) });
    stage.stream.start(range(0, 5));
    const [[error] = []] = stage.finished as HeartwireError[][];
    expect(error).toMatchObject({ code: ErrorCode.SLOW_CONSUMER, details: { items: 3, bytes: 1_500 } });
  });

  it('drops as much as comes: long items after short ones are not more than may wait', () => {
    const say = (size: unknown): string => 'x'.repeat(Number(size));
    const stage = new Stage({ credit: 0, overflow: 'drop-oldest', streamBufferBytes: 1_000, say });
    stage.stream.start(from([...new Array<number>(10).fill(1), ...new Array<number>(10).fill(600)]));
    expect(stage.aheadBytes).toBe(1_200);
    stage.stream.grant(64);
    expect(stage.said).toEqual([say(600), say(600), 'end']);
    expect(stage.aheadBytes).toBe(0);
  });

  it('is not hurt by the others of its connection while it is not ahead itself', async () => {
    const stage = new Stage({ credit: 1 });
    const source = new Subject<string>();
    stage.stream.start(source);
    stage.aheadBytes = BOUNDS.outgoingStreamBytes;
    for (const item of ['a', 'b']) {
      source.next(item);
      await stage.tick();
    }
    expect([stage.said, stage.finished]).toEqual([['a'], []]);
    source.next('c');
    await stage.tick();
    expect(stage.finished).toEqual([[expect.objectContaining({ code: ErrorCode.SLOW_CONSUMER })]]);
  });

  it('says what an interceptor puts before the stream of its handler before that', async () => {
    const stage = new Stage();
    const source = new Subject<unknown>();
    stage.stream.start(source);
    source.next('first');
    source.next(Readable.from(['second', 'third']));
    await new Promise(setImmediate);
    for (let ticks = 0; ticks < 10; ticks++) await stage.tick();
    expect(stage.said).toEqual(['first', 'second', 'third', 'end']);
  });

  it('fails when an item has no words, and ends its source', async () => {
    const say = (value: unknown): string => {
      if (value === 1) throw new Error('no words');
      return String(value);
    };
    const { items, isEnded } = counter();
    const pulled = new Stage({ say });
    pulled.stream.start(items);
    await pulled.tick();
    expect([pulled.said, isEnded()]).toEqual([['0', 'failed: no words'], true]);
    const pushed = new Stage({ say });
    pushed.stream.start(of(0, 1));
    expect(pushed.said).toEqual(['0', 'failed: no words']);
  });

  it.each([true, false])(
    'fails when its last item has no words, behind those that wait (marked: %s)',
    (marksLast) => {
      const say = (value: unknown): string => {
        if (value === 3) throw new Error('no words');
        return String(value);
      };
      const stage = new Stage({ say, marksLast, credit: 1 });
      stage.stream.start(of(0, 1, 2, 3));
      expect([stage.said, stage.finished]).toEqual([['0'], []]);
      stage.stream.grant(9);
      expect(stage.said).toEqual(['0', '1', '2', 'failed: no words']);
      expect(stage.finished).toEqual([[new Error('no words')]]);
    },
  );

  it('tells whom it waits for, anew with each item that leaves', async () => {
    const stage = new Stage({ credit: 1, overflow: 'drop-oldest' });
    const source$ = new Subject<number>();
    stage.stream.start(source$);
    expect(stage.waits).toEqual(['source']);
    for (let item = 0; item < 20; item++) {
      source$.next(item);
      await stage.tick();
    }
    // One left. Those that only came are no progress of the receiver.
    expect(stage.waits).toEqual(['source', 'receiver']);
    stage.stream.grant(1);
    expect(stage.waits).toEqual(['source', 'receiver', 'receiver']);
    stage.stream.grant(100);
    expect(stage.waits.at(-1)).toBe('source');
    stage.stream.stop();
    expect(stage.waits.at(-1)).toBe('receiver');
  });

  it('says nothing any more once it was stopped', async () => {
    const { items, isEnded } = counter();
    const stage = new Stage({ credit: 2 });
    stage.stream.start(items);
    await stage.tick();
    stage.stream.stop();
    stage.stream.stop();
    stage.stream.grant(10);
    await stage.tick();
    expect(stage.said).toEqual(['0', '1']);
    expect([isEnded(), stage.finished, stage.isWaiting]).toEqual([true, [], false]);
  });

  it('waits when much is on its way that no credit was granted for, whatever the credit', async () => {
    const half = STREAM_WINDOW_BYTES / 2;
    const stage = new Stage({ say: (value) => String(value).padEnd(half, '.'), streamBufferBytes: 8 * half });
    stage.stream.start(range(0, 5));
    await stage.tick();
    expect(stage.said.length).toBe(2);
    expect(stage.waits.at(-1)).toBe('receiver');
    stage.stream.grant(1);
    expect(stage.said.length).toBe(3);
    stage.stream.grant(1_000);
    // The rest, and the end.
    expect(stage.said.length).toBe(6);
  });

  it('sends an item that is larger than that when nothing else is on its way', async () => {
    const item = 'x'.repeat(2 * STREAM_WINDOW_BYTES);
    const stage = new Stage({
      say: () => item,
      maxFrameBytes: 4 * item.length,
      streamBufferBytes: 4 * item.length,
    });
    stage.stream.start(range(0, 2));
    await stage.tick();
    expect(stage.said.length).toBe(1);
    stage.stream.grant(1);
    expect(stage.said.length).toBe(3);
  });

  it('sends all that comes to one who grants no credit', async () => {
    const item = 'x'.repeat(STREAM_WINDOW_BYTES);
    const bounds = { maxFrameBytes: 4 * item.length, streamBufferBytes: 8 * item.length };
    const stage = new Stage({ credit: Infinity, say: () => item, ...bounds });
    stage.stream.start(range(0, 4));
    await stage.tick();
    expect(stage.said.length).toBe(5);
  });
});

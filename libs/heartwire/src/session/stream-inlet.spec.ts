import { beforeEach, describe, expect, it } from '@jest/globals';
import { take } from 'rxjs';

import type { HeartwireError } from '../errors/heartwire-error.js';
import { CREDIT_PORTION, CREDIT_PORTION_BYTES } from './credit-account.js';
import { INITIAL_CREDIT } from './outgoing-stream.js';
import { Pieces } from './pieces.js';
import { type InletRoom, StreamInlet } from './stream-inlet.js';

describe('StreamInlet', () => {
  let told: (number | string)[];
  let inlet: StreamInlet;
  let room: InletRoom;

  beforeEach(() => {
    told = [];
    room = { bytes: 0, maxBytes: 1_000 };
    start();
  });

  function start(): void {
    const host = {
      grant: (items: number) => told.push(items),
      cancel: () => told.push('cancel'),
      overflown: ({ code }: HeartwireError) => told.push(code),
    };
    inlet = new StreamInlet(host, new Pieces(100), room);
  }

  function receive(count: number): void {
    for (let item = 0; item < count; item++) inlet.receive({ chunk: item }, 10);
  }

  function subscribe(): unknown[] {
    const seen: unknown[] = [];
    inlet.stream.subscribe({
      next: (item) => seen.push(item),
      error: (error: { code?: string }) => seen.push(error.code ?? error),
      complete: () => seen.push('end'),
    });
    return seen;
  }

  it('keeps what nobody takes yet, up to its credit', () => {
    receive(INITIAL_CREDIT);
    expect(told).toEqual([]);
    expect(() => inlet.receive({ chunk: 1 }, 10)).toThrow('more items than it has credit for');
  });

  it('grants credit to whoever subscribes as items come, in portions', () => {
    receive(CREDIT_PORTION - 1);
    const seen = subscribe();
    expect(seen).toHaveLength(CREDIT_PORTION - 1);
    expect(told).toEqual([]);
    receive(CREDIT_PORTION + 1);
    expect(told).toEqual([CREDIT_PORTION, CREDIT_PORTION]);
    receive(INITIAL_CREDIT);
    expect(told).toHaveLength(4);
  });

  it('grants credit to iteration as items are taken', async () => {
    receive(INITIAL_CREDIT);
    const iterator = inlet.stream[Symbol.asyncIterator]();
    for (let taken = 1; taken < CREDIT_PORTION; taken++) await iterator.next();
    expect(told).toEqual([]);
    await iterator.next();
    expect(told).toEqual([CREDIT_PORTION]);
  });

  it('keeps little more of what was read than the bytes that wait', async () => {
    const read = Buffer.allocUnsafeSlow(65_536).fill('x');
    inlet.receive({ chunk: read.subarray(7, 8), more: true, byteStream: true }, 10);
    inlet.receive({ chunk: read.subarray(8, 40_000), byteStream: true }, 10);
    const iterator = inlet.stream[Symbol.asyncIterator]();
    const { value: small } = await iterator.next();
    expect(small).toEqual(Buffer.from('x'));
    expect((small as Buffer).buffer.byteLength).toBe(1);
    // What is most of it is not copied.
    const { value: large } = await iterator.next();
    expect((large as Buffer).buffer).toBe(read.buffer);
  });

  it('gives out the parts of a stream of bytes at once, and counts them as one item', () => {
    const part = { chunk: Uint8Array.of(1), more: true, byteStream: true };
    const last = { chunk: Uint8Array.of(2), byteStream: true };
    for (let item = 0; item < INITIAL_CREDIT; item++) {
      inlet.receive(part, 6);
      inlet.receive(last, 4);
    }
    expect(() => inlet.receive(part, 6)).toThrow('more items than it has credit for');
    expect(room.bytes).toBe(INITIAL_CREDIT * 10);
    const seen = subscribe();
    expect(seen).toHaveLength(INITIAL_CREDIT * 2);
    expect(seen.slice(0, 2)).toEqual([part.chunk, last.chunk]);
    expect(told).toEqual([CREDIT_PORTION, CREDIT_PORTION]);
    expect(room.bytes).toBe(0);
    inlet.receive(part, 6);
    expect(seen).toHaveLength(INITIAL_CREDIT * 2 + 1);
    expect(() => {
      inlet.end();
    }).toThrow('a stream must not end within bytes that were cut');
  });

  it('owes no credit for the parts of a long item before its last', () => {
    room = { bytes: 0, maxBytes: CREDIT_PORTION_BYTES * 2 };
    start();
    subscribe();
    const part = { chunk: Uint8Array.of(1), more: true, byteStream: true };
    inlet.receive(part, CREDIT_PORTION_BYTES);
    expect(told).toEqual([]);
    inlet.receive({ ...part, more: false }, 1);
    expect(told).toEqual([1]);
  });

  it('counts pieces of bytes as one item', () => {
    const seen = subscribe();
    for (let item = 0; item < CREDIT_PORTION - 1; item++) {
      inlet.receive({ chunk: Uint8Array.of(item), more: true }, 10);
      inlet.receive({ chunk: Uint8Array.of(item) }, 10);
    }
    expect(told).toEqual([]);
    inlet.receive({ chunk: Uint8Array.of(1), more: true }, 10);
    expect(told).toEqual([]);
    inlet.receive({ chunk: Uint8Array.of(2) }, 10);
    expect(told).toEqual([CREDIT_PORTION]);
    expect(seen.at(-1)).toEqual(Uint8Array.of(1, 2));
  });

  it('can not end within an item, but fail there', () => {
    inlet.receive({ chunk: Uint8Array.of(1), more: true }, 10);
    expect(() => {
      inlet.end();
    }).toThrow('a stream must not end within bytes that were cut');
    inlet.fail('torn');
    inlet.end();
    expect(subscribe()).toEqual([{ status: 'error', message: 'torn' }]);
  });

  it('ends behind its items, and grants nothing any more', () => {
    receive(INITIAL_CREDIT);
    inlet.end();
    inlet.fail(new Error('too late'));
    inlet.receive({ chunk: 'too late' }, 10);
    const seen = subscribe();
    expect(seen).toHaveLength(INITIAL_CREDIT + 1);
    expect(seen.at(-1)).toBe('end');
    expect(told).toEqual([]);
  });

  it('fails behind its items', () => {
    receive(2);
    inlet.fail('torn');
    expect(subscribe()).toEqual([0, 1, { status: 'error', message: 'torn' }]);
  });

  it('tells the sender once that nobody wants more, and takes what comes late', () => {
    const left = inlet.stream.pipe(take(2)).subscribe();
    receive(INITIAL_CREDIT * 3);
    expect(told).toEqual(['cancel']);
    left.unsubscribe();
    inlet.close();
    expect(told).toEqual(['cancel']);
  });

  it('cancels nothing that is over', () => {
    inlet.end();
    inlet.stream.subscribe().unsubscribe();
    expect(told).toEqual([]);
  });

  it('fails its consumer when the call is over before it, and drops what was not taken', () => {
    const seen = subscribe();
    receive(1);
    inlet.close();
    inlet.close();
    receive(1);
    inlet.end();
    expect(seen).toEqual([0, 'CANCELLED']);
    expect(told).toEqual([]);
  });

  it('keeps what was complete when the call is over', () => {
    receive(2);
    inlet.end();
    inlet.close();
    expect(subscribe()).toEqual([0, 1, 'end']);
  });

  it('has one consumer', () => {
    const first = subscribe();
    expect(subscribe()).toEqual(['INTERNAL']);
    receive(1);
    expect(first).toEqual([0]);
  });

  it('grants credit also after so many bytes, however few the items', async () => {
    room = { bytes: 0, maxBytes: 1_000_000 };
    start();
    inlet.receive({ chunk: 'one' }, CREDIT_PORTION_BYTES - 1);
    inlet.receive({ chunk: 'two' }, 1);
    inlet.receive({ chunk: 'three' }, CREDIT_PORTION_BYTES);
    const iterator = inlet.stream[Symbol.asyncIterator]();
    await iterator.next();
    expect(told).toEqual([]);
    await iterator.next();
    expect(told).toEqual([2]);
    await iterator.next();
    expect(told).toEqual([2, 1]);
  });

  it('counts what waits for its consumer, pieces included, and nothing that was taken', async () => {
    receive(3);
    inlet.receive({ chunk: Uint8Array.of(1), more: true }, 7);
    expect(room.bytes).toBe(37);
    const iterator = inlet.stream[Symbol.asyncIterator]();
    await iterator.next();
    expect(room.bytes).toBe(27);
    inlet.receive({ chunk: Uint8Array.of(1) }, 3);
    for (let item = 0; item < 3; item++) await iterator.next();
    expect(room.bytes).toBe(0);
    receive(2);
    inlet.close();
    expect(room.bytes).toBe(0);
  });

  it('counts nothing for whoever takes at once', () => {
    subscribe();
    receive(10);
    expect(room.bytes).toBe(0);
  });

  it('fails alone where the streams of its connection have too much waiting', () => {
    const other = new StreamInlet(
      { grant: () => undefined, cancel: () => undefined, overflown: () => undefined },
      new Pieces(100),
      room,
    );
    for (let item = 0; item < 60; item++) other.receive({ chunk: item }, 16);
    receive(5);
    expect(told).toEqual(['SLOW_CONSUMER']);
    expect(subscribe()).toEqual([0, 1, 2, 3, 'SLOW_CONSUMER']);
    other.receive({ chunk: 'goes on once there is room' }, 16);
    const seen: unknown[] = [];
    other.stream.subscribe((item) => seen.push(item));
    expect(seen).toHaveLength(61);
    expect(room.bytes).toBe(0);
  });
});

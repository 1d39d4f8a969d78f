import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { Pieces } from './pieces.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('Pieces', () => {
  it('lets through what was not cut', () => {
    const pieces = new Pieces(2);
    for (const item of [1, undefined, null, 'long enough', bytes(1, 2, 3)])
      expect(pieces.add(item, false)).toBe(item);
  });

  it('joins what was cut, and begins anew with the next', () => {
    const pieces = new Pieces(4);
    expect(pieces.add(bytes(1, 2), true)).toBeUndefined();
    expect(pieces.add(bytes(), true)).toBeUndefined();
    expect(pieces.add(bytes(3, 4), false)).toEqual(bytes(1, 2, 3, 4));
    expect(pieces.add('text', false)).toBe('text');
    expect(pieces.add(bytes(5), true)).toBeUndefined();
    expect(pieces.add(bytes(), false)).toEqual(bytes(5));
  });

  it('joins nothing of a stream of bytes, but knows whether it ends within an item', () => {
    const pieces = new Pieces(4);
    const items = [bytes(1, 2, 3, 4, 5), bytes(6), bytes(7)] as const;
    expect(pieces.add(items[0], true, true)).toBe(items[0]);
    expect(pieces.add(items[1], true, true)).toBe(items[1]);
    expect(() => {
      pieces.finish();
    }).toThrow('a stream must not end within bytes that were cut');
    expect(() => pieces.add('text', false, true)).toThrow('bytes that were cut must go on with bytes');
    expect(pieces.add(items[2], false, true)).toBe(items[2]);
    pieces.finish();
  });

  it('joins what began as an item, whatever is said of its rest', () => {
    const pieces = new Pieces(4);
    expect(pieces.add(bytes(1), true)).toBeUndefined();
    expect(pieces.add(bytes(2), false, true)).toEqual(bytes(1, 2));
    expect(pieces.add(bytes(3), true, true)).toEqual(bytes(3));
    expect(pieces.add(bytes(4), false)).toEqual(bytes(4));
  });

  it('can not end within what was cut', () => {
    const pieces = new Pieces(4);
    pieces.finish();
    pieces.add(bytes(1), true);
    expect(() => {
      pieces.finish();
    }).toThrow('a stream must not end within bytes that were cut');
    pieces.add(bytes(2), false);
    pieces.finish();
  });

  it('joins to what the pieces are: a Buffer, or plain bytes, of its own memory', () => {
    const pieces = new Pieces(10);
    pieces.add(Buffer.from('ab'), true);
    const whole = pieces.add(Buffer.from('c'), false);
    expect(Buffer.isBuffer(whole) && whole.toString()).toBe('abc');
    pieces.add(bytes(1), true);
    const plain = pieces.add(bytes(2), false);
    expect(Buffer.isBuffer(plain)).toBe(false);
    expect((plain as Uint8Array).buffer.byteLength).toBe(2);
  });

  it('joins what came in crumbs, and takes little more for it than its bytes while it waits', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const pieces = new Pieces(1_000_000);
    collect();
    const before = process.memoryUsage();
    for (let n = 0; n < 200_000; n++) {
      pieces.add(bytes(n & 255), true);
      pieces.add(bytes(), true);
    }
    collect();
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(2_000_000);
    const whole = pieces.add(bytes(), false) as Uint8Array;
    expect(
      Buffer.compare(
        whole,
        Uint8Array.from({ length: 200_000 }, (_, at) => at & 255),
      ),
    ).toBe(0);
  });

  it('refuses bytes that began with an empty piece and go on as anything else', () => {
    const pieces = new Pieces(4);
    pieces.add(bytes(), true);
    expect(() => pieces.add('text', false)).toThrow('bytes that were cut must go on with bytes');
  });

  it('refuses an item beyond its bound as soon as it is', () => {
    const pieces = new Pieces(4);
    pieces.add(bytes(1, 2, 3), true);
    expect(() => pieces.add(bytes(4, 5), true)).toThrow('an item must be at most 4 bytes');
  });

  it.each(['text', null, undefined, { length: 1 }])('refuses bytes that go on as %p', (item) => {
    const pieces = new Pieces(4);
    pieces.add(bytes(1), true);
    expect(() => pieces.add(item, false)).toThrow('bytes that were cut must go on with bytes');
  });
});

import { describe, expect, it } from '@jest/globals';

import type { Outgoing } from './outgoing.js';
import { WebSocketEncoder } from './web-socket-encoder.js';

const MASK = Uint8Array.from([1, 2, 3, 4]);
const platform = {
  allocate: (bytes: number) => Buffer.alloc(bytes, 0xee),
  byteLength: (text: string) => Buffer.byteLength(text),
};

interface Frame {
  readonly first: number;
  readonly isMasked: boolean;
  readonly headerBytes: number;
  readonly payload: Buffer;
}

/** Reads frames as RFC 6455 has them. */
function framesOf(buffers: readonly Uint8Array[]): Frame[] {
  const bytes = Buffer.concat(buffers);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const second = bytes[at + 1] ?? 0;
    const short = second & 0x7f;
    const size = short === 127 ? 10 : short === 126 ? 4 : 2;
    const length =
      size === 10 ? Number(bytes.readBigUInt64BE(at + 2)) : size === 4 ? bytes.readUInt16BE(at + 2) : short;
    const isMasked = second >= 0x80;
    const start = at + size + (isMasked ? 4 : 0);
    const mask = bytes.subarray(at + size, start);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (isMasked) payload.forEach((byte, index) => (payload[index] = byte ^ (mask[index & 3] ?? 0)));
    frames.push({ first: bytes[at] ?? 0, isMasked, headerBytes: start - at, payload });
    at = start + length;
  }
  return frames;
}

const envelope = (header: string, bytes: Uint8Array): Outgoing => ({ header, bytes });

describe.each([
  ['a server', undefined, 0],
  ['a client', () => MASK, 4],
])('a WebSocket encoder of %s', (_who, newMask, maskBytes) => {
  const encoder = new WebSocketEncoder(platform, newMask);

  it.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('frames a text of %i bytes behind the shortest header', (length, headerBytes) => {
    const text = 'x'.repeat(length);
    const [frame] = framesOf(encoder.encode([text]));
    expect(frame).toMatchObject({ first: 0x81, headerBytes: headerBytes + maskBytes });
    expect(frame?.payload.toString()).toBe(text);
    expect(frame?.isMasked).toBe(maskBytes > 0);
  });

  it('writes a batch in order: texts, texts in parts, and envelopes', () => {
    const bytes = Buffer.from([0, 1, 2]);
    const batch = [
      '{"é€😀":1}',
      { head: '{"data":', body: '"€"', tail: '}' },
      envelope('{"id":"é"}', bytes),
      'last',
    ];
    const buffers = encoder.encode(batch);
    expect(buffers).toHaveLength(1);
    const frames = framesOf(buffers);
    expect(frames.map(({ first }) => first)).toEqual([0x81, 0x81, 0x82, 0x81]);
    const [text, split, binary, last] = frames.map(({ payload }) => payload);
    expect([text, split, last].map(String)).toEqual(['{"é€😀":1}', '{"data":"€"}', 'last']);
    expect(binary?.readUInt32BE()).toBe(11);
    expect(binary?.toString('utf8', 4, 15)).toBe('{"id":"é"}');
    expect(binary?.subarray(15)).toEqual(bytes);
  });

  it('never changes the bytes that it was given', () => {
    const bytes = Buffer.alloc(50_000, 7);
    const [frame] = framesOf(encoder.encode([envelope('{}', bytes)]));
    expect(frame?.payload.subarray(6)).toEqual(bytes);
    expect(bytes).toEqual(Buffer.alloc(50_000, 7));
  });
});

describe('a WebSocket encoder', () => {
  it('copies no long bytes that need no mask', () => {
    const bytes = Buffer.alloc(50_000, 7);
    const buffers = new WebSocketEncoder(platform).encode(['before', envelope('{}', bytes), 'after']);
    expect(buffers).toHaveLength(3);
    expect(buffers[1]).toBe(bytes);
    expect(framesOf(buffers).map(({ payload }) => payload.length)).toEqual([6, 50_006, 5]);
  });

  it('writes once what goes to many, one after the other', () => {
    const encoder = new WebSocketEncoder(platform);
    const push = envelope('{"pattern":"news"}', Buffer.from('hello'));
    const first = encoder.encode([push]);
    expect(encoder.encode([push])).toBe(first);
    expect(encoder.encode(['another'])).not.toBe(first);
    expect(framesOf(encoder.encode([push]))).toEqual(framesOf(first));
  });

  it('masks each frame with a mask of its own', () => {
    let count = 0;
    const encoder = new WebSocketEncoder(platform, () => Uint8Array.from([(count += 1), 0, 0, 0]));
    const [buffer] = encoder.encode(['{}', '{}']);
    expect([buffer?.[2], buffer?.[10]]).toEqual([1, 2]);
    expect(encoder.encode(['{}'])).not.toEqual(encoder.encode(['{}']));
  });
});

import { describe, expect, it } from '@jest/globals';

import type { Outgoing } from '../protocol/outgoing.js';
import { ChunkWriter } from './chunk-writer.js';
import type { Codec } from './codec.js';

function writer(maxFrameBytes = 10_000, encode?: Codec['encode']): ChunkWriter {
  return new ChunkWriter(encode === undefined ? undefined : { encode }, { maxFrameBytes });
}

function said(message: Outgoing): unknown {
  if (typeof message === 'string') return JSON.parse(message);
  if ('bytes' in message)
    return { ...(JSON.parse(message.header) as object), bytes: message.bytes.byteLength };
  return JSON.parse(message.head + message.body + message.tail);
}

describe('ChunkWriter', () => {
  it.each([1, 'text', null, { a: [1] }, 'x'.repeat(5_000), { long: 'ö'.repeat(3_000) }])(
    'says an item',
    (value) => {
      expect(said(writer().item('id', value))).toEqual({ id: 'id', chunk: value });
    },
  );

  it('says bytes as bytes, and pieces of them', () => {
    expect(said(writer().item(1, Buffer.alloc(3)))).toEqual({ id: 1, chunk: null, bytes: 3 });
    expect(said(writer().piece(1, Buffer.alloc(3)))).toEqual({ id: 1, chunk: null, more: true, bytes: 3 });
  });

  it('has no word for undefined but null', () => {
    expect(said(writer().item(1, undefined))).toEqual({ id: 1, chunk: null });
  });

  it('says the end, and why', () => {
    expect(said(writer().end(1))).toEqual({ id: 1, end: true });
    const err = { status: 'error', why: [1] };
    expect(said(writer().failure(1, err))).toEqual({ id: 1, end: true, err });
  });

  it('says nothing that the other end would refuse', () => {
    expect(() => writer(1_024).item(1, 'x'.repeat(1_024))).toThrow('1024 at most');
    expect(() => writer(1_024).piece(1, Buffer.alloc(1_024))).toThrow('1024 at most');
    expect(() => writer().item(1, 1n)).toThrow("can't be written as JSON");
    const long = { reason: 'x'.repeat(2_000) };
    expect(said(writer(1_024).failure(1, long))).toMatchObject({
      end: true,
      err: { code: 'FRAME_TOO_LARGE' },
    });
  });

  it('shows whole packets to a serializer', () => {
    const words = writer(10_000, (packet) => ({ packet }));
    expect(words.cutsBytes).toBe(false);
    expect(writer().cutsBytes).toBe(true);
    expect(said(words.item(1, 'a'))).toEqual({ packet: { id: 1, chunk: 'a' } });
    expect(said(words.end(1))).toEqual({ packet: { id: 1, end: true } });
    expect(said(words.failure(1, 'no'))).toEqual({ packet: { id: 1, end: true, err: expect.anything() } });
  });

  it('tells a failure whatever a serializer makes of it', () => {
    const words = writer(10_000, () => {
      throw new Error('not today');
    });
    expect(said(words.failure(1, 'no'))).toMatchObject({ id: 1, end: true, err: {} });
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';

import { WebSocketProgress } from './web-socket-progress.js';

const LIMIT = 70_000;

/** A masked frame. */
function frame(first: number, bytes: number): Buffer {
  const length = Buffer.alloc(bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);
  length[0] = first;
  length[1] = 0x80 | (length.length === 2 ? bytes : length.length === 4 ? 126 : 127);
  if (length.length === 4) length.writeUInt16BE(bytes, 2);
  if (length.length === 10) length.writeBigUInt64BE(BigInt(bytes), 2);
  return Buffer.concat([length, Buffer.alloc(4 + bytes, 0xff)]);
}

const TEXT = 0x81;
const FIRST_PART = 0x01;
const MIDDLE_PART = 0x00;
const LAST_PART = 0x80;
const PING = 0x89;
const CLOSE = 0x88;

describe('the progress of a WebSocket', () => {
  let progress: WebSocketProgress;

  beforeEach(() => {
    progress = new WebSocketProgress(LIMIT);
  });

  it('is followed wherever the bytes are cut', () => {
    const bytes = Buffer.concat([
      frame(TEXT, 5),
      frame(TEXT, 0),
      frame(FIRST_PART, 3),
      frame(PING, 4),
      frame(LAST_PART, 200),
      frame(TEXT, 65_600),
    ]);
    for (const cut of [...Array(260).keys(), bytes.length - 1]) {
      progress = new WebSocketProgress(LIMIT);
      progress.push(bytes.subarray(0, cut));
      progress.push(bytes.subarray(cut));
      expect(progress.pending).toBeUndefined();
      expect([progress.framesRead, progress.framesDecoded]).toEqual([6, 4]);
    }
  });

  it('has a message pending from its first byte to its last', () => {
    const bytes = frame(TEXT, 300);
    bytes.forEach((_, at) => {
      progress.push(bytes.subarray(at, at + 1));
      expect(progress.pending !== undefined).toBe(at < bytes.length - 1);
    });
    expect(progress.framesDecoded).toBe(1);
  });

  it('has a message in fragments pending between them, as the same one', () => {
    progress.push(Buffer.concat([frame(FIRST_PART, 10), frame(PING, 0), frame(MIDDLE_PART, 20)]));
    expect(progress.pending).toMatchObject({ declaredBytes: 30 });
    expect(progress.framesDecoded).toBe(0);
    progress.push(frame(LAST_PART, 0));
    expect(progress.pending).toBeUndefined();
    expect(progress.framesDecoded).toBe(1);
  });

  it.each([
    ['by its header', [frame(TEXT, LIMIT + 1).subarray(0, 14)]],
    ['in fragments', [frame(FIRST_PART, LIMIT), frame(LAST_PART, 1)]],
  ])('ends at a message that is too large %s', (_how, frames) => {
    const bytes = Buffer.concat(frames);
    expect(() => progress.push(bytes)).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LARGE' }));
    expect(progress.pending).toBeUndefined();
  });

  it('counts each message for itself, and takes the longest', () => {
    progress.push(Buffer.concat([frame(TEXT, LIMIT), frame(TEXT, LIMIT)]));
    expect(progress.framesDecoded).toBe(2);
  });

  it('is over with the close frame', () => {
    progress.push(Buffer.concat([frame(CLOSE, 2), frame(TEXT, LIMIT + 1)]));
    expect(progress.isConcluded).toBe(true);
    expect(progress.pending).toBeUndefined();
  });
});

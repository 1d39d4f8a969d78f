import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { thrownBy } from '../../../../test/support/thrown.js';
import { openEnvelope } from './binary-envelope.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameEncoder } from './frame-encoder.js';
import { parseMessage } from './message-parser.js';
import { ProtocolViolation } from './protocol-violation.js';

// What docs/protocol.md shows is what the library does.

interface Block {
  /** Of the heading above it, for the test's name. */
  readonly heading: string;
  /** What stands beside the opening fence: `hex`, `text message`, `hex refused=PROTOCOL_ERROR`. */
  readonly info: string;
  readonly lines: readonly string[];
}

interface Example {
  readonly heading: string;
  readonly message: string;
  readonly hex: Block;
}

const MAX_FRAME_BYTES = 4_194_304;
const LENGTH_MASK = 0x3fff_ffff;
/** Where the text begins in a dump's lines. */
const TEXT_COLUMN = 49;
const page = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
const blocks = readBlocks(page);
const examples = blocks.flatMap(({ heading, info, lines }, i): Example[] => {
  const hex = blocks[i + 1];
  if (info !== 'text message') return [];
  if (hex?.info !== 'hex') throw new Error(`no hex dump follows the message ${lines.join()}`);
  return [{ heading, message: lines.join('\n'), hex }];
});
const dialogues = blocks.filter(({ info }) => info === 'text dialogue');
const refused = blocks.filter(({ info }) => info.startsWith('hex refused='));

function readBlocks(text: string): Block[] {
  const found: Block[] = [];
  const pattern = /^#+ (?<heading>.*)$|^```(?<info>.+)\n(?<body>[^]*?)\n```$/gm;
  let current = '';
  for (const { groups = {} } of text.matchAll(pattern)) {
    const { heading, info = '', body = '' } = groups;
    if (heading === undefined) found.push({ heading: current, info, lines: body.split('\n') });
    else current = heading;
  }
  return found;
}

/** The bytes of a dump; what stands two spaces behind them is for people. */
function bytesOf({ lines }: Block): Buffer {
  return Buffer.concat(
    lines.map((line) => {
      const [, bytes] = /^((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: {2}|$)/.exec(line) ?? [];
      if (bytes === undefined) throw new Error(`no line of a hex dump: ${line}`);
      return Buffer.from(bytes.replaceAll(' ', ''), 'hex');
    }),
  );
}

function encode(message: string, bytes?: Uint8Array): string {
  const encoder = new FrameEncoder((size) => Buffer.alloc(size));
  const batch = [bytes === undefined ? message : { header: message, bytes }];
  return Buffer.concat(encoder.encode(batch)).toString('hex');
}

function decode(stream: Uint8Array): { payload: Uint8Array; isBinary: boolean }[] {
  const frames: { payload: Uint8Array; isBinary: boolean }[] = [];
  const decoder = new FrameDecoder(MAX_FRAME_BYTES);
  decoder.push(stream, (bytes, start, end, isBinary) => {
    frames.push({ payload: bytes.subarray(start, end), isBinary });
  });
  expect(decoder.pending).toBeUndefined();
  return frames;
}

describe('docs/protocol.md', () => {
  it('has examples of every sort', () => {
    expect(blocks.length).toBe(examples.length * 2 + dialogues.length + refused.length + 1);
    expect([examples.length, dialogues.length, refused.length]).toEqual([7, 9, 3]);
  });

  it.each(examples)('shows the bytes of its message: $message', ({ message, hex }) => {
    const stream = bytesOf(hex);
    const [frame] = decode(stream);
    if (frame === undefined) throw new Error('the dump holds no frame');
    const raw = frame.isBinary ? openEnvelope(frame.payload).bytes : undefined;
    expect(stream.toString('hex')).toBe(encode(message, raw));
  });

  it.each(examples)('shows text beside the bytes that is theirs: $message', ({ hex }) => {
    for (const line of hex.lines) {
      const bytes = bytesOf({ ...hex, lines: [line] });
      const shown = line.slice(TEXT_COLUMN);
      const [, count, what] = /(\d+) bytes (of|follow|are)\b/.exec(shown) ?? [];
      if (count === undefined) expect(shown.trimEnd()).toBe(printable(bytes).trimEnd());
      else expect(Number(count)).toBe(what === 'are' ? bytes.length : bytes.readUInt32BE() & LENGTH_MASK);
    }
  });

  it('shows an empty frame', () => {
    const dumps = blocks.filter(({ info }, i) => info === 'hex' && blocks[i - 1]?.info !== 'text message');
    expect(dumps.map((dump) => bytesOf(dump).toString('hex'))).toEqual([encode('')]);
  });

  it.each(refused)('shows bytes that are refused: $lines', (block) => {
    const violation = thrownBy(ProtocolViolation, () => decode(bytesOf(block)));
    expect(`hex refused=${violation.code}`).toBe(block.info);
  });

  it.each(dialogues)('shows a dialogue of messages: $heading', ({ lines }) => {
    let refusal: ProtocolViolation | undefined;
    for (const line of lines) {
      const [, isWrong, json] = /^[CS](, wrong)?: (.*)$/.exec(line) ?? [];
      if (json === undefined) throw new Error(`no line of a dialogue: ${line}`);
      if (isWrong !== undefined) {
        refusal = thrownBy(ProtocolViolation, () => parseMessage(JSON.parse(json)));
        continue;
      }
      const message = parseMessage(JSON.parse(json));
      if (refusal === undefined) continue;
      expect(message).toEqual({ kind: 'error', code: refusal.code, message: refusal.message });
      refusal = undefined;
    }
  });
});

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
}

import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { attachBytes, openEnvelope } from './binary-envelope.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameEncoder } from './frame-encoder.js';
import { parseMessage } from './message-parser.js';
import type { Outgoing } from './outgoing.js';
import {
  cancelText,
  chunkEndText,
  chunkText,
  controlText,
  creditText,
  eventText,
  failureText,
  requestText,
  responseText,
} from './message-text.js';
import type { Message } from './messages.js';
import { ProtocolViolation } from './protocol-violation.js';

// The vectors of test/vectors say in their `about` what they mean. Any implementation can read them.

type Code = ProtocolViolation['code'];

interface FrameVector {
  readonly text?: string;
  readonly header?: string;
  readonly bytes?: string;
  readonly payload?: string;
  readonly envelope?: string;
  readonly violation?: Code;
  readonly message?: Message;
}

interface StreamVector {
  readonly name: string;
  readonly chunks: readonly string[];
  readonly maxFrameBytes?: number;
  readonly frames: readonly FrameVector[];
  readonly violation?: Code;
  readonly pending?: { readonly declaredBytes: number; readonly heldBytes: number };
  readonly canonical?: true;
}

interface MessageVector {
  readonly name: string;
  readonly json: string;
  readonly message: Message;
  readonly canonical?: true;
}

interface RefusedVector {
  readonly name: string;
  readonly json: string;
  readonly violation: Code;
  readonly member?: string;
}

const { streams } = vectors<{ streams: StreamVector[] }>('frames');
const { messages, refused } = vectors<{ messages: MessageVector[]; refused: RefusedVector[] }>('messages');
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function vectors<T>(name: string): T {
  const text = readFileSync(new URL(`../../../../test/vectors/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (key, value: unknown) => {
    if (key === 'message' && typeof value === 'object') return withBytes(value);
    return value;
  }) as T;
}

function withBytes(message: object | null): object {
  const members = Object.entries(message ?? {}).map(([name, value]): [string, unknown] => {
    const isBytes = typeof value === 'object' && value !== null && '$bytes' in value;
    return [name, isBytes ? Uint8Array.from(Buffer.from(String(value.$bytes), 'hex')) : value];
  });
  return Object.fromEntries(members);
}

interface Decoded {
  readonly frames: { readonly hex: string; readonly isBinary: boolean }[];
  readonly violation: Code | undefined;
  readonly pending: FrameDecoder['pending'];
}

function decode(chunks: readonly Uint8Array[], maxFrameBytes: number): Decoded {
  const decoder = new FrameDecoder(maxFrameBytes);
  const frames: { hex: string; isBinary: boolean }[] = [];
  let violation: Code | undefined;
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, (bytes, start, end, isBinary) => {
        frames.push({ hex: Buffer.from(bytes.subarray(start, end)).toString('hex'), isBinary });
      });
    }
  } catch (error) {
    violation = codeOf(error);
  }
  return { frames, violation, pending: decoder.pending };
}

/** From a frame's payload to the message that it is. */
function understand(hex: string, isBinary: boolean): Message {
  const payload = Uint8Array.from(Buffer.from(hex, 'hex'));
  if (!isBinary) return parseMessage(parseJson(payload));
  const { header, bytes } = openEnvelope(payload);
  return parseMessage(attachBytes(parseJson(header), bytes));
}

/** What is no UTF-8 or no JSON is found by whoever decodes it, and breaks the protocol all the same. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a message must be JSON in UTF-8');
  }
}

function codeOf(error: unknown): Code {
  if (error instanceof ProtocolViolation) return error.code;
  throw error;
}

function payloadOf({ text, header, bytes, payload, envelope }: FrameVector): {
  hex: string;
  isBinary: boolean;
} {
  if (text !== undefined) return { hex: Buffer.from(text).toString('hex'), isBinary: false };
  if (header === undefined) return { hex: payload ?? envelope ?? '', isBinary: envelope !== undefined };
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(header));
  return {
    hex: length.toString('hex') + Buffer.from(header).toString('hex') + (bytes ?? ''),
    isBinary: true,
  };
}

function outgoing({ text, header = '', bytes = '' }: FrameVector): Outgoing {
  return text ?? { header, bytes: Buffer.from(bytes, 'hex') };
}

function textOf(message: Message): string {
  switch (message.kind) {
    case 'request': {
      const { id, pattern, data, timeoutMs, metadata, stream } = message;
      return requestText(
        id,
        JSON.stringify(pattern),
        JSON.stringify(data),
        timeoutMs,
        JSON.stringify(metadata),
        stream,
      );
    }
    case 'event':
      return eventText(
        message.id,
        JSON.stringify(message.pattern),
        JSON.stringify(message.data),
        JSON.stringify(message.metadata),
      );
    case 'response':
      return responseText(message.id, JSON.stringify(message.response), message.isDisposed);
    case 'end':
      return responseText(message.id, undefined, true);
    case 'failure':
      return failureText(message.id, JSON.stringify(message.err));
    case 'cancel':
      return cancelText(message.id, message.stream);
    case 'chunk':
      return chunkText(message.id, JSON.stringify(message.chunk));
    case 'chunk-end':
      return chunkEndText(message.id, JSON.stringify(message.err));
    case 'credit':
      return creditText(message.id, message.n, message.stream);
    default:
      return controlText(message);
  }
}

describe('test/vectors/frames.json', () => {
  describe.each(streams)(
    '$name',
    ({ chunks, maxFrameBytes = 4_194_304, frames, violation, pending, canonical }) => {
      const arriving = chunks.map((chunk) => Buffer.from(chunk, 'hex'));
      const bytes = Buffer.concat(arriving);
      const expected: Decoded = { frames: frames.map(payloadOf), violation, pending };

      it('is decoded as it says', () => {
        expect(decode(arriving, maxFrameBytes)).toEqual(expected);
      });

      it('is decoded so wherever it is cut', () => {
        for (let cut = 0; cut <= bytes.length; cut++) {
          expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], maxFrameBytes)).toEqual(expected);
        }
      });

      it('holds the messages that it says', () => {
        for (const frame of frames) {
          const { hex, isBinary } = payloadOf(frame);
          if (frame.violation === undefined) expect(understand(hex, isBinary)).toEqual(frame.message);
          else expect(refusal(() => understand(hex, isBinary))).toBe(frame.violation);
        }
      });

      if (canonical) {
        it('is what the encoder writes', () => {
          const encoder = new FrameEncoder((size) => Buffer.alloc(size));
          expect(Buffer.concat(encoder.encode(frames.map(outgoing))).toString('hex')).toBe(
            bytes.toString('hex'),
          );
        });
      }
    },
  );
});

describe('test/vectors/messages.json', () => {
  it.each(messages)('is read as it says: $name', ({ json, message }) => {
    expect(parseMessage(JSON.parse(json))).toEqual(message);
  });

  it.each(messages.filter(({ canonical }) => canonical))(
    'is written as it says: $name',
    ({ json, message }) => {
      expect(textOf(message)).toBe(json);
    },
  );

  it.each(refused)('is refused as it says: $name', ({ json, violation, member }) => {
    const parse = (): Message => parseMessage(parseJson(Buffer.from(json)));
    expect(refusal(parse)).toBe(violation);
    if (member !== undefined) expect(parse).toThrow(`"${member}" must be`);
  });
});

function refusal(act: () => unknown): Code {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  throw new Error('nothing was refused');
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { attachBytes, openEnvelope } from './binary-envelope.js';
import { frame } from '../../../../test/support/raw-peer.js';
import { FrameDecoder } from './frame-decoder.js';
import { parseMessage } from './message-parser.js';
import { ProtocolViolation } from './protocol-violation.js';

// The whole way in, from bytes to messages, for traffic that is valid and for traffic that was valid once.

const MAX_FRAME_BYTES = 65_536;
const vectors = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../../test/vectors/messages.json'), 'utf8'),
) as { readonly messages: readonly { readonly json: string; readonly message?: unknown }[] };

const valid = vectors.messages.filter(({ message }) => message !== undefined).map(({ json }) => json);
const frames = [
  ...valid.map((json) => frame(json)),
  ...['{"id":1,"pattern":"p"}', '{"id":1,"chunk":null,"more":true}', '{"id":1,"isDisposed":true}'].map(
    (json) => frame(Buffer.concat([frame(json), Buffer.from([0, 1, 0xff])]), 2),
  ),
  Buffer.alloc(4),
];

/** What comes of the bytes: the messages, and at the end what was refused. */
function outcomeOf(chunks: readonly Uint8Array[]): unknown[] {
  const outcome: unknown[] = [];
  const decoder = new FrameDecoder(MAX_FRAME_BYTES);
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, (bytes, start, end, isBinary) => {
        // A copy, as the chunk may be looked at again.
        outcome.push(structuredClone(messageIn(bytes.slice(start, end), isBinary)));
      });
      expect(decoder.pending?.heldBytes ?? 0).toBeLessThanOrEqual(MAX_FRAME_BYTES + 4);
    }
    outcome.push(decoder.pending);
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    outcome.push(`${error.code}: ${error.message}`);
  }
  return outcome;
}

function messageIn(payload: Uint8Array, isBinary: boolean): unknown {
  const json = (bytes: Uint8Array): unknown => {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      throw new ProtocolViolation('PROTOCOL_ERROR', 'no JSON');
    }
  };
  if (!isBinary) return parseMessage(json(payload));
  const { header, bytes } = openEnvelope(payload);
  return parseMessage(attachBytes(json(header), bytes));
}

const traffic: fc.Arbitrary<Buffer> = fc
  .array(fc.constantFrom(...frames), { minLength: 1, maxLength: 6 })
  .map((some) => Buffer.concat(some));

type Mutation = (bytes: Buffer) => Buffer;
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, bits]) => (bytes: Buffer) => {
    const at = Math.floor(where * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ bits;
    return bytes;
  }),
  place.map((where) => (bytes: Buffer) => bytes.subarray(0, Math.floor(where * bytes.length))),
  place.map((where) => (bytes: Buffer) => bytes.subarray(Math.floor(where * bytes.length))),
  fc.tuple(place, fc.uint8Array({ maxLength: 9 })).map(([where, more]) => (bytes: Buffer) => {
    const at = Math.floor(where * bytes.length);
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  }),
);

const mutatedTraffic: fc.Arbitrary<Buffer> = fc
  .tuple(traffic, fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([bytes, mutations]) =>
    mutations.reduce<Buffer>(
      (mutated, mutate) => (mutated.length === 0 ? mutated : mutate(Buffer.from(mutated))),
      bytes,
    ),
  );

const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const cuts = places.map((where) => Math.floor(where * (bytes.length + 1))).sort((a, b) => a - b);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
};

describe('traffic from bytes to messages', () => {
  it('comes out the same wherever it is cut once', () => {
    const all = Buffer.concat(frames);
    const whole = outcomeOf([all]);
    // All but the empty frame are messages, and nothing is left over.
    expect(whole).toHaveLength(frames.length);
    expect(whole.at(-1)).toBeUndefined();
    const step = Math.ceil(all.length / 1_500);
    for (let at = 0; at < all.length; at += step) {
      expect(outcomeOf([all.subarray(0, at), all.subarray(at)])).toEqual(whole);
    }
  });

  it('of each message alone comes out the same wherever it is cut', () => {
    for (const one of frames) {
      const whole = outcomeOf([one]);
      for (let at = 1; at < one.length; at++) {
        expect(outcomeOf([one.subarray(0, at), one.subarray(at)])).toEqual(whole);
      }
    }
  });

  it('that has faults is known or refused, the same wherever it is cut', () => {
    fc.assert(
      fc.property(mutatedTraffic, fc.array(place, { maxLength: 8 }), (bytes, places) => {
        expect(outcomeOf(cutAt(bytes, places))).toEqual(outcomeOf([bytes]));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that is random is known or refused, the same when each byte comes alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcomeOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(outcomeOf([bytes]));
      }),
      { numRuns: 500 },
    );
  });
});

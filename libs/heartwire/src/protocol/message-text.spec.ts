import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseMessage } from './message-parser.js';
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
  withFlag,
} from './message-text.js';
import type { CallId, ControlMessage, Message, Metadata } from './messages.js';

function read(text: string): Message {
  return parseMessage(JSON.parse(text));
}

/** A value as JSON carries it: -0 arrives as 0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const given = json.filter((value) => value !== null);
const shortText = fc.string({ unit: 'binary' }).filter((text) => text.length <= 256);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const id: fc.Arbitrary<CallId> = fc.oneof(fc.nat(), finite, shortText);
const pattern = given.filter((value) => typeof value !== 'boolean');
const metadata: fc.Arbitrary<Metadata | undefined> = fc.option(
  fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.string(),
    { noNullPrototype: true },
  ),
  { nil: undefined },
);
const timeoutMs = fc.option(fc.oneof(fc.nat(), finite.map(Math.abs)), { nil: undefined });
const count = fc.maxSafeNat();
const heartbeat = {
  heartbeatInterval: fc.double({ min: 100, max: 1e9, noNaN: true }),
  heartbeatTimeout: fc.double({ min: 200, max: 1e9, noNaN: true }),
};
const limits = {
  maxFrameBytes: fc.integer({ min: 1, max: 0x3fff_ffff }),
  maxInFlight: fc.integer({ min: 1 }),
};
const beat = { timestamp: fc.oneof(finite, shortText) };
const received = { received: count };

const control: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('welcome' as const),
    protocol: fc.integer({ min: 1 }),
    clientId: shortText,
    ...heartbeat,
    ...limits,
    authentication: fc.constantFrom('none' as const, 'token' as const),
  }),
  fc.record(
    {
      kind: fc.constant('hello' as const),
      protocol: fc.integer({ min: 1 }),
      token: shortText,
      name: shortText,
      ...heartbeat,
      ...limits,
      resume: fc.record({ session: shortText, secret: shortText, ...received }),
    },
    { requiredKeys: ['kind', 'protocol'] },
  ),
  fc.record({
    kind: fc.constant('ready' as const),
    session: shortText,
    secret: shortText,
    resumed: fc.boolean(),
    ...received,
    ...heartbeat,
  }),
  fc.record(
    { kind: fc.constantFrom('ping' as const, 'pong' as const), ...beat, ...received },
    { requiredKeys: ['kind', 'timestamp'] },
  ),
  fc.record({ kind: fc.constant('ack' as const), ...received }),
  fc.record({ kind: fc.constant('goaway' as const), reason: shortText, graceMs: finite.map(Math.abs) }),
  fc.record({ kind: fc.constant('status' as const) }),
  fc.record({
    kind: fc.constant('status-response' as const),
    clientId: shortText,
    connectTime: finite,
    uptime: finite,
    rtt: fc.option(finite.map(Math.abs), { nil: null }),
    heartbeatCount: count,
    missedHeartbeats: count,
    lastHeartbeat: finite,
    isAlive: fc.boolean(),
    bytesReceived: count,
    bytesSent: count,
  }),
  fc.record({ kind: fc.constant('error' as const), code: shortText, message: shortText }),
);

describe('the text of a message', () => {
  it('has the members that the protocol names', () => {
    expect([
      requestText(1, '"sum"', '[1,2]', 5_000, '{"trace":"a\\"b"}'),
      requestText('x"y', '{"cmd":"sum"}', undefined, undefined),
      eventText(undefined, '"joined"', '{"user":7}'),
      eventText(2, '"joined"', '{"user":7}', '{"trace":"c"}'),
      responseText(3, '[1]', false),
      responseText(3, '[2]', true),
      responseText(3, undefined, true),
      responseText(3, undefined, false),
      failureText(4, '"no"'),
      cancelText(5),
      controlText({ kind: 'ping', timestamp: 6 }),
      controlText({ kind: 'status' }),
    ]).toEqual([
      '{"id":1,"pattern":"sum","data":[1,2],"timeoutMs":5000,"metadata":{"trace":"a\\"b"}}',
      '{"id":"x\\"y","pattern":{"cmd":"sum"}}',
      '{"pattern":"joined","data":{"user":7}}',
      '{"id":2,"event":true,"pattern":"joined","data":{"user":7},"metadata":{"trace":"c"}}',
      '{"id":3,"response":[1]}',
      '{"id":3,"response":[2],"isDisposed":true}',
      '{"id":3,"isDisposed":true}',
      '{"id":3,"isDisposed":false}',
      '{"id":4,"err":"no","isDisposed":true}',
      '{"type":"cancel","id":5}',
      '{"type":"ping","timestamp":6}',
      '{"type":"status"}',
    ]);
  });

  it('is read back: a request', () => {
    fc.assert(
      fc.property(
        id,
        pattern,
        fc.option(json, { nil: undefined }),
        timeoutMs,
        metadata,
        (id, pattern, data, timeoutMs, metadata) => {
          const text = requestText(
            id,
            JSON.stringify(pattern),
            JSON.stringify(data),
            timeoutMs,
            JSON.stringify(metadata),
          );
          expect(read(text)).toEqual({
            kind: 'request',
            id,
            pattern,
            data,
            timeoutMs,
            metadata,
            stream: undefined,
          });
        },
      ),
    );
  });

  it('is read back: an event, with and without acknowledgement', () => {
    fc.assert(
      fc.property(
        fc.option(id, { nil: undefined }),
        pattern,
        json,
        metadata,
        (id, pattern, data, metadata) => {
          const text = eventText(id, JSON.stringify(pattern), JSON.stringify(data), JSON.stringify(metadata));
          expect(read(text)).toEqual({ kind: 'event', id, pattern, data, metadata });
        },
      ),
    );
  });

  it('is read back: a response, and the end of one', () => {
    fc.assert(
      fc.property(id, json, fc.boolean(), (id, response, isDisposed) => {
        const text = responseText(id, JSON.stringify(response), isDisposed);
        expect(read(text)).toEqual({ kind: 'response', id, response, isDisposed });
        expect(read(responseText(id, undefined, true))).toEqual({ kind: 'end', id });
        expect(read(responseText(id, undefined, false))).toEqual({
          kind: 'response',
          id,
          response: undefined,
          isDisposed: false,
        });
      }),
    );
  });

  it('is read back: a failure and a cancel', () => {
    fc.assert(
      fc.property(id, given, (id, err) => {
        expect(read(failureText(id, JSON.stringify(err)))).toEqual({ kind: 'failure', id, err });
        expect(read(cancelText(id))).toEqual({ kind: 'cancel', id });
      }),
    );
  });

  it("is read back: what a caller's stream is made of", () => {
    fc.assert(
      fc.property(id, given, fc.integer({ min: 1 }), fc.boolean(), (id, item, n, isCallers) => {
        const stream = isCallers ? { stream: true } : {};
        expect(read(chunkText(id, JSON.stringify(item)))).toEqual({ kind: 'chunk', id, chunk: item });
        expect(read(chunkEndText(id))).toEqual({ kind: 'chunk-end', id });
        expect(read(chunkEndText(id, JSON.stringify(item)))).toEqual({ kind: 'chunk-end', id, err: item });
        expect(read(creditText(id, n, isCallers))).toEqual({ kind: 'credit', id, n, ...stream });
        expect(read(cancelText(id, isCallers))).toEqual({ kind: 'cancel', id, ...stream });
        expect(JSON.parse(withFlag(chunkText(id, undefined), 'more'))).toEqual({
          id,
          chunk: null,
          more: true,
        });
      }),
    );
  });

  it('is read back: every control message', () => {
    fc.assert(
      fc.property(control, (message) => {
        expect(read(controlText(message))).toEqual(message);
      }),
      { numRuns: 1_000 },
    );
  });
});

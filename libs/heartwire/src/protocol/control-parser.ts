import type { Message, PingMessage, WelcomeMessage } from './messages.js';
import {
  isGiven,
  MAX_FRAME_BYTES,
  MIN_HEARTBEAT_INTERVAL_MS,
  MIN_HEARTBEAT_TIMEOUT_MS,
  readBoolean,
  readFlag,
  readId,
  readInteger,
  readNumber,
  readSecret,
  readText,
  refuse,
  SHORT_TEXT,
  type Wire,
} from './wire-members.js';
import { parseHello } from './hello-parser.js';
import { parseStatusResponse } from './status-response-parser.js';

const MAX_ERROR_LENGTH = 4_096;

/** A message that carries a `type`. */
export function parseTyped(type: unknown, wire: Wire): Message {
  switch (type) {
    case 'ping':
      return { kind: 'ping', ...parseBeat(wire) };
    case 'pong':
    case 'heartbeat':
      return { kind: 'pong', ...parseBeat(wire) };
    case 'ack':
      return { kind: 'ack', received: readInteger('received', wire.received, 0) };
    case 'cancel':
      return { kind: 'cancel', id: readId(wire.id), stream: readStream(wire) };
    case 'credit':
      return {
        kind: 'credit',
        id: readId(wire.id),
        n: readInteger('n', wire.n, 1),
        stream: readStream(wire),
      };
    case 'welcome':
      return parseWelcome(wire);
    case 'hello':
      return parseHello(wire);
    case 'ready':
      return {
        kind: 'ready',
        session: readText('session', wire.session, SHORT_TEXT),
        secret: readSecret('secret', wire.secret, SHORT_TEXT),
        resumed: readBoolean('resumed', wire.resumed),
        received: readInteger('received', wire.received, 0),
        ...parseHeartbeat(wire),
      };
    case 'goaway':
      return {
        kind: 'goaway',
        reason: readText('reason', wire.reason, SHORT_TEXT),
        graceMs: readNumber('graceMs', wire.graceMs, 0),
      };
    case 'status':
      return { kind: 'status' };
    case 'status_response':
      return parseStatusResponse(wire);
    case 'error':
      return {
        kind: 'error',
        code: readText('code', wire.code, SHORT_TEXT),
        message: readText('message', wire.message, MAX_ERROR_LENGTH),
      };
    default:
      return refuse('type', 'a message type of this protocol', type);
  }
}

function parseBeat({ timestamp, received }: Wire): Omit<PingMessage, 'kind'> {
  const isNumber = typeof timestamp === 'number' && Number.isFinite(timestamp);
  if (!isNumber && !(typeof timestamp === 'string' && timestamp.length <= SHORT_TEXT)) {
    return refuse(
      'timestamp',
      `a finite number or a string of at most ${String(SHORT_TEXT)} characters`,
      timestamp,
    );
  }
  return { timestamp, received: isGiven(received) ? readInteger('received', received, 0) : undefined };
}

function parseHeartbeat(wire: Wire): { heartbeatInterval: number; heartbeatTimeout: number } {
  return {
    heartbeatInterval: readNumber('heartbeatInterval', wire.heartbeatInterval, MIN_HEARTBEAT_INTERVAL_MS),
    heartbeatTimeout: readNumber('heartbeatTimeout', wire.heartbeatTimeout, MIN_HEARTBEAT_TIMEOUT_MS),
  };
}

function parseWelcome(wire: Wire): WelcomeMessage {
  const { authentication } = wire;
  if (authentication !== 'none' && authentication !== 'token') {
    return refuse('authentication', '"none" or "token"', authentication);
  }
  return {
    kind: 'welcome',
    protocol: readInteger('protocol', wire.protocol, 1),
    clientId: readText('clientId', wire.clientId, SHORT_TEXT),
    ...parseHeartbeat(wire),
    maxFrameBytes: readInteger('maxFrameBytes', wire.maxFrameBytes, 1, MAX_FRAME_BYTES),
    maxInFlight: readInteger('maxInFlight', wire.maxInFlight, 1),
    authentication,
  };
}

/** Which of a call's two streams is meant: the caller's own, or the answer. */
function readStream(wire: Wire): true | undefined {
  return readFlag('stream', wire.stream) ? true : undefined;
}

import type { HelloMessage, Resumption } from './messages.js';
import {
  isGiven,
  isObject,
  MAX_FRAME_BYTES,
  MAX_TOKEN_CHARACTERS,
  MIN_HEARTBEAT_INTERVAL_MS,
  MIN_HEARTBEAT_TIMEOUT_MS,
  readInteger,
  readNumber,
  readSecret,
  readText,
  refuse,
  SHORT_TEXT,
  type Wire,
} from './wire-members.js';

/** What only an accepting end is told. */
export function parseHello(wire: Wire): HelloMessage {
  const { token, name, heartbeatInterval, heartbeatTimeout, maxFrameBytes, maxInFlight, resume } = wire;
  return {
    kind: 'hello',
    protocol: readInteger('protocol', wire.protocol, 1),
    token: isGiven(token) ? readSecret('token', token, MAX_TOKEN_CHARACTERS) : undefined,
    name: isGiven(name) ? readText('name', name, SHORT_TEXT) : undefined,
    heartbeatInterval: isGiven(heartbeatInterval)
      ? readNumber('heartbeatInterval', heartbeatInterval, MIN_HEARTBEAT_INTERVAL_MS)
      : undefined,
    heartbeatTimeout: isGiven(heartbeatTimeout)
      ? readNumber('heartbeatTimeout', heartbeatTimeout, MIN_HEARTBEAT_TIMEOUT_MS)
      : undefined,
    maxFrameBytes: isGiven(maxFrameBytes)
      ? readInteger('maxFrameBytes', maxFrameBytes, 1, MAX_FRAME_BYTES)
      : undefined,
    maxInFlight: isGiven(maxInFlight) ? readInteger('maxInFlight', maxInFlight, 1) : undefined,
    resume: isGiven(resume) ? parseResumption(resume) : undefined,
  };
}

function parseResumption(resume: unknown): Resumption {
  if (!isObject(resume)) return refuse('resume', 'an object', resume);
  return {
    session: readText('resume.session', resume.session, SHORT_TEXT),
    secret: readSecret('resume.secret', resume.secret, SHORT_TEXT),
    received: readInteger('resume.received', resume.received, 0),
  };
}

import type { HelloMessage, ReadyMessage, WelcomeMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { HeartbeatSettings } from './heart.js';
import type { SessionSettings } from './session-settings.js';

/** The version of docs/protocol.md that this end speaks. */
const PROTOCOL_VERSION = 1;
/** 128 bits, as the protocol asks for. */
const SECRET_BYTES = 16;

/** What the accepting end says first (docs/protocol.md, section 2). */
export function welcomeMessage(settings: SessionSettings): WelcomeMessage {
  return {
    kind: 'welcome',
    protocol: PROTOCOL_VERSION,
    clientId: settings.clientId,
    heartbeatInterval: settings.heartbeat.intervalMs,
    heartbeatTimeout: settings.heartbeat.timeoutMs,
    maxFrameBytes: settings.limits.maxFrameBytes,
    maxInFlight: settings.limits.runningCallsPerConnection,
    authentication: 'none',
  };
}

/** What the dialling end says first. */
export function helloMessage(settings: SessionSettings): HelloMessage {
  return {
    kind: 'hello',
    protocol: PROTOCOL_VERSION,
    heartbeatInterval: settings.heartbeat.intervalMs,
    heartbeatTimeout: settings.heartbeat.timeoutMs,
    maxFrameBytes: settings.limits.maxFrameBytes,
    maxInFlight: settings.limits.runningCallsPerConnection,
    ...(settings.name === undefined ? undefined : { name: settings.name }),
  };
}

/** The accepting end's answer to `hello`. A session isn't kept after its link yet, so none is resumed. */
export function readyMessage(settings: SessionSettings, heartbeat: HeartbeatSettings): ReadyMessage {
  return {
    kind: 'ready',
    session: settings.clientId,
    secret: randomHex(SECRET_BYTES),
    resumed: false,
    received: 0,
    heartbeatInterval: heartbeat.intervalMs,
    heartbeatTimeout: heartbeat.timeoutMs,
  };
}

/** @throws ProtocolViolation when the other end speaks another version. */
export function checkVersion(protocol: number): void {
  if (protocol === PROTOCOL_VERSION) return;
  const message = `protocol ${String(protocol)} is not spoken here, protocol ${String(PROTOCOL_VERSION)} is`;
  throw new ProtocolViolation('PROTOCOL_ERROR', message);
}

function randomHex(bytes: number): string {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

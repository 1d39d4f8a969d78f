import type { HelloMessage, ReadyMessage, Resumption, WelcomeMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { HeartbeatSettings } from './heart.js';
import type { SessionIdentity } from './session-identity.js';
import type { SessionSettings } from './session-settings.js';

/** The version of docs/protocol.md that this end speaks. */
const PROTOCOL_VERSION = 1;

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

/** What the dialling end says first; with `resume` when it has a session to go on with. */
export function helloMessage(settings: SessionSettings, resume: Resumption | undefined): HelloMessage {
  return {
    kind: 'hello',
    protocol: PROTOCOL_VERSION,
    heartbeatInterval: settings.heartbeat.intervalMs,
    heartbeatTimeout: settings.heartbeat.timeoutMs,
    maxFrameBytes: settings.limits.maxFrameBytes,
    maxInFlight: settings.limits.runningCallsPerConnection,
    name: settings.name,
    resume,
  };
}

/** The accepting end's answer to `hello`. */
export function readyMessage(
  identity: SessionIdentity,
  resumed: boolean,
  received: number,
  heartbeat: HeartbeatSettings,
): ReadyMessage {
  return {
    kind: 'ready',
    ...identity,
    resumed,
    received,
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

import type { StatusResponseMessage } from './messages.js';
import { readBoolean, readInteger, readNumber, readText, SHORT_TEXT, type Wire } from './wire-members.js';

/** What only an end is told that has asked for it. */
export function parseStatusResponse(wire: Wire): StatusResponseMessage {
  return {
    kind: 'status-response',
    clientId: readText('clientId', wire.clientId, SHORT_TEXT),
    connectTime: readNumber('connectTime', wire.connectTime),
    uptime: readNumber('uptime', wire.uptime),
    rtt: wire.rtt === null ? null : readNumber('rtt', wire.rtt, 0),
    heartbeatCount: readInteger('heartbeatCount', wire.heartbeatCount, 0),
    missedHeartbeats: readInteger('missedHeartbeats', wire.missedHeartbeats, 0),
    lastHeartbeat: readNumber('lastHeartbeat', wire.lastHeartbeat),
    isAlive: readBoolean('isAlive', wire.isAlive),
    bytesReceived: readInteger('bytesReceived', wire.bytesReceived, 0),
    bytesSent: readInteger('bytesSent', wire.bytesSent, 0),
  };
}

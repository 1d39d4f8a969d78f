import type { StatusResponseMessage } from '../protocol/messages.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Attachment } from './attachment.js';

/** How one end sees its connection, as told in answer to `status` (docs/protocol.md, section 2). */
export function statusResponse(
  clientId: string,
  { link, openedAt, since }: Attachment,
  now: number,
  liveness: Liveness | undefined,
): StatusResponseMessage {
  return {
    kind: 'status-response',
    clientId,
    connectTime: openedAt,
    uptime: Math.round(now - since),
    rtt: liveness?.roundTripMs ?? null,
    heartbeatCount: liveness?.heartbeats ?? 0,
    missedHeartbeats: liveness?.missed ?? 0,
    lastHeartbeat: Math.round(Date.now() - (now - link.heardAt)),
    isAlive: liveness?.state !== 'dead',
    bytesReceived: link.bytesReceived,
    bytesSent: link.bytesSent,
  };
}

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { replaceMethod } from './replace-method.js';

/** Whether it is a WebSocket that is asked for, and no other protocol. */
export function asksForWebSocket({ headers: { upgrade } }: IncomingMessage): boolean {
  return upgrade?.toLowerCase() === 'websocket';
}

/** Decides whether a request may change the protocol, or is served as though it had not asked. */
type UpgradeDecision = (request: IncomingMessage) => unknown;

/**
 * Has an HTTP server serve a request as an ordinary one whose wish for another protocol than WebSocket nobody would
 * hear. Node from 22.21 and 24.9 on asks for each (`shouldUpgradeCallback`); older ones need {@link withoutUpgrade}.
 *
 * @param isAlone whether nobody else listens for upgrades now
 * @returns undoes it
 */
export function declineOtherUpgrades(server: object, isAlone: () => boolean): () => void {
  const key = 'shouldUpgradeCallback';
  const own = Object.getOwnPropertyDescriptor(server, key);
  const decide: unknown = own?.value;
  if (own === undefined || typeof decide !== 'function') return () => undefined;
  const decideHere: UpgradeDecision = (request) =>
    (asksForWebSocket(request) || !isAlone()) && (decide as UpgradeDecision).call(server, request);
  return replaceMethod(server, key, decideHere);
}

/** Whether it has a body, which would come before the new protocol. That of a GET means nothing (RFC 9110, section 9.3.1). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Makes a request be read again, as though the other end had not asked for another protocol: a server may ignore that,
 * and Node does as long as nobody listens for upgrades. Who would rather speak HTTP/2 asks so with any request
 * (`curl --http2`, the client of Java). It is the connection's last, as those who watch the HTTP server are told of the
 * connection anew.
 */
export function withoutUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'Connection: close'];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!/^(?:upgrade|connection)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  // In the encoding in which Node has read them.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
}

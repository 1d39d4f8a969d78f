import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Whether it is a WebSocket that is asked for, and no other protocol. */
export function asksForWebSocket({ headers: { upgrade } }: IncomingMessage): boolean {
  return upgrade?.toLowerCase() === 'websocket';
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

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { WebSocketServer } from 'ws';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { AllowedOrigins } from '../options/origins.js';
import { quote } from '../protocol/peer-text.js';
import type { WebSocketEncoder } from '../protocol/web-socket-encoder.js';
import type { Clock } from '../timing/clock.js';
import { hasBody } from './ignore-upgrade.js';
import type { Link } from './link.js';
import { remoteUrl } from './remote-url.js';
import { isSameOrigin } from './same-origin.js';
import type { SocketLinkSettings } from './link-over-socket.js';
import { KEEP_ALIVE_MS } from './socket-options.js';
import { WebSocketLink, webSocketOptions } from './web-socket-link.js';

export interface UpgradeListener {
  opened(link: Link): void;
  /** A page of another origin was turned away. */
  refused(remote: string, error: HeartwireError): void;
}

/** Makes links of HTTP requests that ask for a WebSocket. */
export class WebSocketUpgrade {
  private readonly webSockets: WebSocketServer;

  constructor(
    readonly path: string,
    private readonly allowedOrigins: AllowedOrigins,
    private readonly limits: SocketLinkSettings,
    private readonly encoder: WebSocketEncoder,
    private readonly clock: Clock,
    private readonly listener: UpgradeListener,
  ) {
    const options = webSocketOptions(limits.maxFrameBytes);
    this.webSockets = new WebSocketServer({ ...options, noServer: true, clientTracking: false });
  }

  isMeant({ url = '' }: IncomingMessage): boolean {
    const [path] = url.split('?', 1);
    return path === this.path;
  }

  /** Opens it, or says why not, in HTTP. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (!this.isMeant(request)) {
      refuseUpgrade(socket, 404);
      return;
    }
    if (hasBody(request)) {
      refuseUpgrade(socket, 400);
      return;
    }
    const refusal = this.refusalOf(request);
    if (refusal !== undefined) {
      const remote = remoteUrl(socket, socket instanceof TLSSocket ? 'wss' : 'ws');
      refuseUpgrade(socket, 403);
      this.listener.refused(remote, refusal);
      return;
    }
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      this.listener.opened(new WebSocketLink(webSocket, socket, this.encoder, this.clock, this.limits));
    });
  }

  private refusalOf({ headers: { origin, host } }: IncomingMessage): HeartwireError | undefined {
    // Only browsers say where their pages are from.
    if (origin === undefined || isSameOrigin(origin, host)) return undefined;
    const { allowedOrigins } = this;
    try {
      // A Promise, which an async function gives, allows nothing.
      const isAllowed: unknown =
        typeof allowedOrigins === 'function'
          ? allowedOrigins(origin)
          : allowedOrigins.includes(origin.toLowerCase());
      return isAllowed === true ? undefined : notOfThisOrigin(origin);
    } catch (cause) {
      const message = `allowedOrigins threw ${quote(String(cause))} for a page of ${quote(origin)}`;
      return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message, { cause });
    }
  }
}

/** An answer in HTTP, where there is to be no WebSocket. */
export function refuseUpgrade(socket: Socket, status: 400 | 403 | 404 | 503): void {
  const reason = STATUS_CODES[status] ?? '';
  const body = `${reason}\n`;
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${String(status)} ${reason}`,
      'Connection: close',
      'Content-Type: text/plain',
      `Content-Length: ${String(body.length)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

function notOfThisOrigin(origin: string): HeartwireError {
  const message = `a page of ${quote(origin)} wants in: if it may, name it in allowedOrigins`;
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message);
}

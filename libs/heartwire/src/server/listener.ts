import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { SOCKET_OPTIONS } from '../link/socket-options.js';
import { TlsServer } from '../link/tls-server.js';
import { WebSocketPort } from '../link/web-socket-port.js';
import { type Address, isSecure, isWebSocket } from '../options/address.js';
import type { SecureContextOptions } from '../options/tls-options.js';
import type { ConnectionListener, ListenerAcceptor, ListenerSettings } from './listener-acceptor.js';

/** Connections that the kernel may hold before they are accepted: a whole fleet reconnects at once. */
const BACKLOG = 4_096;

/** Accepts connections at one address. */
export class Listener implements ConnectionListener {
  readonly server: NetServer;
  private readonly tls: TlsServer | undefined;
  private readonly webSockets: WebSocketPort | undefined;

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used */
  constructor(
    private readonly requested: Address,
    private readonly settings: ListenerSettings,
    private readonly acceptor: ListenerAcceptor,
  ) {
    this.tls = isSecure(requested) ? this.newTlsServer() : undefined;
    this.webSockets = isWebSocket(requested)
      ? new WebSocketPort(acceptor.webSocketsAt(requested.path), settings.limits)
      : undefined;
    this.server =
      this.tls?.server ??
      createServer({ ...SOCKET_OPTIONS, allowHalfOpen: true }, (socket) => {
        if (this.admits(socket)) this.accept(socket);
      });
  }

  /** Where it really listens: a port 0 is replaced by the port that was free. */
  get address(): Address {
    const bound = this.server.address();
    if (this.requested.kind === 'unix' || bound === null || typeof bound === 'string') return this.requested;
    return { ...this.requested, port: bound.port };
  }

  /** @throws HeartwireError `CONNECT_FAILED` when the address is in use or not allowed. */
  async listen(): Promise<void> {
    if (this.requested.kind === 'unix') await removeStaleSocket(this.requested.path);
    const { server, requested } = this;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => {
        server.removeListener('close', onClosed);
        reject(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      };
      const onClosed = (): void => {
        reject(new HeartwireError(ErrorCode.CLOSED, 'the server was closed before it listened'));
      };
      server.once('error', onError).once('close', onClosed);
      const target =
        requested.kind === 'unix' ? { path: requested.path } : { host: requested.host, port: requested.port };
      server.listen({ ...target, backlog: BACKLOG }, () => {
        server.removeListener('error', onError).removeListener('close', onClosed);
        resolve();
      });
    });
  }

  setSecureContext(tls: SecureContextOptions): void {
    this.tls?.setSecureContext(tls);
  }

  close(): Promise<void> {
    this.tls?.stopHandshakes();
    this.webSockets?.stop();
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }

  private newTlsServer(): TlsServer {
    const { tls, limits } = this.settings;
    return new TlsServer(tls(), limits, {
      admits: (socket) => this.admits(socket),
      secured: (socket) => this.accept(socket),
      refused: (remote, error) => this.acceptor.refused(remote, error),
    });
  }

  private admits(socket: Socket): boolean {
    const isAdmitted = this.acceptor.admits(socket);
    if (!isAdmitted) socket.destroy();
    return isAdmitted;
  }

  private accept(socket: Socket): void {
    if (this.webSockets === undefined) this.acceptor.accept(socket);
    else this.webSockets.take(socket);
  }
}

/** A crashed process leaves its socket file behind. Nobody answers there, so it can go. No other file ever does. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    const found = socketAt(path);
    if (found === undefined || (await isAnswered(path))) return;
    // Another server that starts now may have taken it over since.
    if (socketAt(path) === found) unlinkSync(path);
  } catch (error) {
    throw fromNodeError(error, ErrorCode.CONNECT_FAILED);
  }
}

/** Names the socket file that is there now. */
function socketAt(path: string): string | undefined {
  const file = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return file?.isSocket() ? `${String(file.ino)} of ${String(file.ctimeNs)}` : undefined;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED');
    });
  });
}

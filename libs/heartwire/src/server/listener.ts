import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';

import { ErrorCode } from '../errors/error-code.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import type { Link } from '../link/link.js';
import { nodeRuntime } from '../link/node-runtime.js';
import { SocketLink, type SocketLinkSettings } from '../link/socket-link.js';
import { TlsServer, type TlsServerLimits } from '../link/tls-server.js';
import { type Address, formatAddress } from '../options/address.js';
import type { SecureContextOptions, ServerTlsOptions } from '../options/tls-options.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import type { Door } from './door.js';

const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
/** Connections that the kernel may hold before they are accepted: a whole fleet reconnects at once. */
const BACKLOG = 4_096;

export interface ListenerSettings {
  readonly limits: SocketLinkSettings & TlsServerLimits;
  readonly tls: () => ServerTlsOptions;
}

export interface ListenerOwner {
  accept(link: Link): void;
  /** A TLS handshake came to nothing. */
  handshakeFailed(remote: string, error: HeartwireError): void;
}

/** Accepts connections at one address. */
export class Listener {
  readonly server: NetServer;
  private readonly tls: TlsServer | undefined;

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used */
  constructor(
    private readonly requested: Address,
    private readonly encoder: FrameEncoder,
    private readonly settings: ListenerSettings,
    private readonly owner: ListenerOwner,
    private readonly door: Door,
  ) {
    this.tls = requested.kind === 'tls' ? this.newTlsServer() : undefined;
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
        reject(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      };
      server.once('error', onError);
      const target =
        requested.kind === 'unix' ? { path: requested.path } : { host: requested.host, port: requested.port };
      server.listen({ ...target, backlog: BACKLOG }, () => {
        server.removeListener('error', onError);
        resolve();
      });
    });
  }

  /** New TLS connections get this certificate. @throws HeartwireError `INVALID_OPTIONS` */
  setSecureContext(tls: SecureContextOptions): void {
    this.tls?.setSecureContext(tls);
  }

  /** Accepts no more. Resolves once every accepted socket is closed too. */
  close(): Promise<void> {
    this.tls?.stopHandshakes();
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }

  private newTlsServer(): TlsServer {
    const { tls, limits } = this.settings;
    return new TlsServer(tls(), limits, SOCKET_OPTIONS, {
      admits: (socket) => this.admits(socket),
      secured: (socket) => this.accept(socket),
      refused: (remote, error) => this.owner.handshakeFailed(remote, error),
    });
  }

  private admits(socket: Socket): boolean {
    const { remoteAddress } = socket;
    if (!this.door.enter(remoteAddress)) {
      socket.destroy();
      return false;
    }
    socket.once('close', () => {
      this.door.leave(remoteAddress);
    });
    return true;
  }

  private accept(socket: Socket): void {
    const { clock } = nodeRuntime;
    this.owner.accept(new SocketLink(socket, this.encoder, clock, this.settings.limits));
  }

  toString(): string {
    return formatAddress(this.address);
  }
}

/** A crashed process leaves its socket file behind. Nobody answers there, so it can go. */
async function removeStaleSocket(path: string): Promise<void> {
  const isStale = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED');
    });
  });
  if (isStale) await unlink(path);
}

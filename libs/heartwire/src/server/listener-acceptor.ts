import type { Socket } from 'node:net';

import type { HeartwireError } from '../errors/heartwire-error.js';
import type { HandshakeLimits } from '../link/handshakes.js';
import type { SocketLinkSettings } from '../link/link-over-socket.js';
import type { Link } from '../link/link.js';
import { nodeFrameEncoder, nodeRuntime, serverWebSocketEncoder } from '../link/node-runtime.js';
import { SocketLink } from '../link/socket-link.js';
import { WebSocketUpgrade } from '../link/web-socket-upgrade.js';
import type { Address } from '../options/address.js';
import type { AttachableServer } from '../options/attachable.js';
import type { AllowedOrigins } from '../options/origins.js';
import type { SecureContextOptions, ServerTlsOptions } from '../options/tls-options.js';
import type { ConnectionLimiter } from './connection-limiter.js';

export interface ListenerSettings {
  readonly limits: SocketLinkSettings & HandshakeLimits;
  readonly tls: () => ServerTlsOptions;
  readonly allowedOrigins: AllowedOrigins | undefined;
}

export interface ListenerOwner {
  accept(link: Link): void;
  /** A TLS handshake came to nothing, or a WebSocket was refused. */
  handshakeFailed(remote: string, error: HeartwireError): void;
}

/** A place where connections come in. */
export interface ConnectionListener {
  /** Where it really is; `undefined` as long as that isn't known. */
  readonly address: Address | undefined;
  /** For those who follow its events, or want it itself. */
  readonly server: Pick<AttachableServer, 'on'>;
  listen(): Promise<void>;
  /** New TLS connections get this certificate. @throws HeartwireError `INVALID_OPTIONS` */
  setSecureContext(tls: SecureContextOptions): void;
  /** Accepts no more. Resolves once every accepted socket is closed too. */
  close(): Promise<void>;
}

/** What the listeners of one server share: who may come in, and how links are made. */
export class ListenerAcceptor {
  private readonly frames = nodeFrameEncoder();
  private readonly webSockets = serverWebSocketEncoder();

  constructor(
    private readonly settings: ListenerSettings,
    private readonly limiter: ConnectionLimiter,
    private readonly owner: ListenerOwner,
  ) {}

  /** Whether it may come in; then it counts until it is closed. */
  admits(socket: Socket): boolean {
    const { remoteAddress } = socket;
    if (!this.limiter.enter(remoteAddress)) return false;
    socket.on('close', () => {
      this.limiter.leave(remoteAddress);
    });
    return true;
  }

  accept(socket: Socket): void {
    this.owner.accept(new SocketLink(socket, this.frames, nodeRuntime.clock, this.settings.limits));
  }

  refused(remote: string, error: HeartwireError): void {
    this.owner.handshakeFailed(remote, error);
  }

  /** Accepts WebSockets at a path. */
  webSocketsAt(path: string): WebSocketUpgrade {
    const { limits, allowedOrigins = [] } = this.settings;
    return new WebSocketUpgrade(path, allowedOrigins, limits, this.webSockets, nodeRuntime.clock, {
      opened: (link) => this.owner.accept(link),
      refused: (remote, error) => this.refused(remote, error),
    });
  }
}

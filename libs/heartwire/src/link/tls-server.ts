import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import { ErrorCode } from '../errors/error-code.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import type { SecureContextOptions, ServerTlsOptions } from '../options/tls-options.js';
import { Handshakes, type HandshakeLimits } from './handshakes.js';
import { nodeOptionsOf, secureContextOf } from './secure-context.js';
import { remoteUrl } from './remote-url.js';
import { SOCKET_OPTIONS } from './socket-options.js';

/** What is told of connections that come in over TLS. */
export interface TlsListener {
  /** Somebody is here. @returns whether it may come in; if not, it was destroyed. */
  admits(socket: Socket): boolean;
  /** Its handshake is done, and its certificate is good where one is asked for. */
  secured(socket: TLSSocket): void;
  /** It came to nothing. `remote` is where it came from, as far as that is still known. */
  refused(remote: string, error: HeartwireError): void;
}

/** Accepts connections that speak TLS. */
export class TlsServer {
  readonly server: Server;
  private readonly handshakes: Handshakes;

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used */
  constructor(
    private readonly tls: ServerTlsOptions,
    limits: HandshakeLimits,
    private readonly listener: TlsListener,
  ) {
    this.handshakes = new Handshakes(limits.handshakes);
    secureContextOf(tls);
    const { requestCert, rejectUnauthorized } = tls;
    const handshake = { requestCert, rejectUnauthorized, handshakeTimeout: limits.handshakeTimeoutMs };
    this.server = createServer({ ...SOCKET_OPTIONS, ...handshake, ...nodeOptionsOf(tls) })
      .on('connection', (socket: Socket) => this.begin(socket))
      .on('secureConnection', (socket) => this.succeed(socket))
      .on('tlsClientError', (error, socket) => this.fail(error, socket));
  }

  /**
   * New connections get this certificate; open ones keep theirs.
   *
   * @throws HeartwireError `INVALID_OPTIONS`
   */
  setSecureContext(tls: SecureContextOptions): void {
    secureContextOf(tls);
    this.server.setSecureContext(nodeOptionsOf(tls));
  }

  /** Gives up the handshakes under way. */
  stopHandshakes(): void {
    this.handshakes.stop();
  }

  private begin(socket: Socket): void {
    if (this.listener.admits(socket)) this.handshakes.begin(socket);
  }

  private succeed(socket: TLSSocket): void {
    this.handshakes.end(socket);
    // Not before: one who leaves in the middle of a handshake would be waited for.
    socket.allowHalfOpen = true;
    this.listener.secured(socket);
  }

  private fail(error: Error, socket: TLSSocket): void {
    const remote = socket.remoteAddress === undefined ? 'a client' : remoteUrl(socket, 'tls');
    socket.destroy();
    const cause = this.verificationOf(socket) ?? error;
    const refusal = fromNodeError(cause, ErrorCode.HANDSHAKE_FAILED);
    // Who only looks whether the port is open is nobody's business.
    if (refusal.details?.errno !== 'ECONNRESET') this.listener.refused(remote, refusal);
  }

  /** What is wrong with its certificate: Node says only that such a connection was reset. */
  private verificationOf({ authorizationError: reason }: TLSSocket): unknown {
    if (!this.tls.requestCert || (reason as unknown) == null) return undefined;
    return typeof reason === 'string' ? { code: reason, message: reason } : reason;
  }
}

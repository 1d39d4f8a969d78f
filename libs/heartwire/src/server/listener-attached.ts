import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer, TLSSocket } from 'node:tls';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { asksForWebSocket, declineOtherUpgrades, withoutUpgrade } from '../link/ignore-upgrade.js';
import { replaceMethod } from '../link/replace-method.js';
import { refuseUpgrade, type WebSocketUpgrade } from '../link/web-socket-upgrade.js';
import type { Address } from '../options/address.js';
import type { AttachableServer } from '../options/attachable.js';
import type { ConnectionListener, ListenerAcceptor } from './listener-acceptor.js';

/** Whose an `upgrade` listener of an HTTP server is. */
const OWNER = Symbol('Heartwire server that an upgrade listener belongs to');

/**
 * Accepts WebSockets on somebody else's HTTP server, at one path. The server itself is neither listened with nor
 * closed, and goes on as before once this is closed.
 */
export class AttachedListener implements ConnectionListener {
  private readonly open = new Set<Socket>();
  private tellEmpty: (() => void) | undefined;
  /** Puts back what was changed of the HTTP server. */
  private restore: readonly (() => void)[] = [];

  /** @param onServerClosing somebody closes the HTTP server, which waits for all its sockets, and so for those here */
  constructor(
    readonly server: AttachableServer,
    private readonly upgrade: WebSocketUpgrade,
    private readonly acceptor: ListenerAcceptor,
    private readonly onServerClosing: () => void,
  ) {}

  get address(): Address | undefined {
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') return undefined;
    const kind = this.server instanceof TlsServer ? 'wss' : 'ws';
    return { kind, host: bound.address, port: bound.port, path: this.upgrade.path };
  }

  /** Rejects with `CONNECT_FAILED` when another Heartwire server has the path. */
  listen(): Promise<void> {
    const { path } = this.upgrade;
    if (attachedTo(this.server).some(({ upgrade }) => upgrade.path === path))
      return Promise.reject(pathTaken(path));
    this.server.on('upgrade', this.onUpgrade);
    this.restore = [
      beforeClose(this.server, this.onServerClosing),
      declineOtherUpgrades(this.server, () => isOurs(this.server)),
    ];
    return Promise.resolve();
  }

  /** Its certificate is its owner's business. */
  setSecureContext(): void {}

  async close(): Promise<void> {
    this.server.off('upgrade', this.onUpgrade);
    for (const restore of this.restore) restore();
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.tellEmpty = resolve;
    });
  }

  /** A request that nobody looks at would be left hanging: where nobody else listens, the first of those here answers. */
  private get answersForAll(): boolean {
    return isOurs(this.server) && attachedTo(this.server)[0] === this;
  }

  /** An ordinary request, had nobody listened for upgrades: the HTTP server gets it again. */
  private giveBack(request: IncomingMessage, socket: Socket, head: Buffer): void {
    withoutUpgrade(request, socket, head);
    this.server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
  }

  private readonly upgraded = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (!asksForWebSocket(request)) {
      if (this.answersForAll) this.giveBack(request, socket, head);
      return;
    }
    if (!this.upgrade.isMeant(request)) {
      const isMeant = attachedTo(this.server).some(({ upgrade }) => upgrade.isMeant(request));
      if (this.answersForAll && !isMeant) refuseUpgrade(socket, 404);
      return;
    }
    if (!this.acceptor.admits(socket)) {
      refuseUpgrade(socket, 503);
      return;
    }
    this.open.add(socket);
    socket.on('close', () => {
      this.open.delete(socket);
      if (this.open.size === 0) this.tellEmpty?.();
    });
    this.upgrade.accept(request, socket, head);
  };

  private readonly onUpgrade = Object.assign(this.upgraded, { [OWNER]: this });
}

/** The Heartwire servers on an HTTP server, the first one first. */
function attachedTo(server: AttachableServer): readonly AttachedListener[] {
  return server.listeners('upgrade').flatMap((listener) => {
    const owner = OWNER in listener ? listener[OWNER] : undefined;
    return owner instanceof AttachedListener ? [owner] : [];
  });
}

/** Whether Heartwire servers alone listen for its upgrades. */
function isOurs(server: AttachableServer): boolean {
  return attachedTo(server).length === server.listeners('upgrade').length;
}

function pathTaken(path: string): HeartwireError {
  const message = `another Heartwire server has the path ${path} of this HTTP server: give one of them another \`path\``;
  return new HeartwireError(ErrorCode.CONNECT_FAILED, message, { retryable: false });
}

/** Node has no event for it: only once all sockets are closed, and those that were upgraded nobody else closes. */
function beforeClose(server: AttachableServer, notify: () => void): () => void {
  const close = server.close.bind(server);
  const replacement: AttachableServer['close'] = (callback) => {
    notify();
    return close(callback);
  };
  return replaceMethod(server, 'close', replacement);
}

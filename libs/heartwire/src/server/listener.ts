import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server as NetServer } from 'node:net';

import { ErrorCode } from '../errors/error-code.js';
import { fromNodeError } from '../errors/node-error.js';
import type { Link } from '../link/link.js';
import { nodeRuntime } from '../link/node-runtime.js';
import { SocketLink, type SocketLinkSettings } from '../link/socket-link.js';
import { type Address, formatAddress } from '../options/address.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import type { Door } from './door.js';

const KEEP_ALIVE_MS = 30_000;
/** Connections that the kernel may hold before they are accepted: a whole fleet reconnects at once. */
const BACKLOG = 4_096;

/** Accepts connections at one address. */
export class Listener {
  readonly server: NetServer;

  constructor(
    private readonly requested: Address,
    encoder: FrameEncoder,
    limits: SocketLinkSettings,
    door: Door,
    onLink: (link: Link) => void,
  ) {
    this.server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, allowHalfOpen: true },
      (socket) => {
        const { remoteAddress } = socket;
        if (!door.enter(remoteAddress)) {
          socket.destroy();
          return;
        }
        socket.once('close', () => {
          door.leave(remoteAddress);
        });
        onLink(new SocketLink(socket, encoder, nodeRuntime.clock, limits));
      },
    );
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

  /** Accepts no more. Resolves once every accepted socket is closed too. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
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

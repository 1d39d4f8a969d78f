import type { Socket } from 'node:net';

export interface HandshakeLimits {
  /** How many handshakes may be under way. Beyond it the oldest is given up. */
  readonly handshakes: number;
  /** How long each may take, in ms. */
  readonly handshakeTimeoutMs: number;
}

/** Sockets whose handshake is under way, at most so many. */
export class Handshakes {
  /** By where they come from, in the order in which they came. */
  private readonly underWay = new Map<string, Socket>();

  constructor(private readonly max: number) {}

  begin(socket: Socket): void {
    const key = keyOf(socket);
    this.underWay.set(key, socket);
    const [oldest] = this.underWay.values();
    if (this.underWay.size > this.max) oldest?.destroy();
    socket.on('close', () => {
      if (this.underWay.get(key) === socket) this.underWay.delete(key);
    });
  }

  end(socket: Socket): void {
    this.underWay.delete(keyOf(socket));
  }

  /** Gives up all of them: a server is closed when its last socket is. */
  stop(): void {
    for (const socket of this.underWay.values()) socket.destroy();
  }
}

/** A socket and the one that TLS makes of it have this in common. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${String(remoteAddress)} ${String(remotePort)}`;
}

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server on loopback, and keeps every byte that passes. */
export class Wiretap {
  private readonly sockets = new Set<Socket>();
  private readonly chunks: Buffer[] = [];

  private constructor(private readonly server: Server) {}

  static async on(target: string): Promise<Wiretap> {
    const port = Number(new URL(target).port);
    const tap: Wiretap = new Wiretap(
      createServer((inner) => {
        const outer = connect(port, '127.0.0.1');
        tap.join(inner, outer);
        tap.join(outer, inner);
      }),
    );
    await new Promise<void>((resolve) => tap.server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Both directions, one character for each byte. */
  get heard(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  /** Resets every connection that is open now. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => this.chunks.push(chunk))
      .once('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    from.pipe(to);
  }
}

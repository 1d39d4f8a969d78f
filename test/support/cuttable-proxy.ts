import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server on loopback, and can cut what runs through it. */
export class CuttableProxy {
  /** Where it passes connections on to. Connections are refused while it is undefined. */
  target: string | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(target: string) {
    this.target = target;
    this.server = createServer((inner) => this.accept(inner));
  }

  static async to(target: string): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `tcp://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** Resets every connection that is open now. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(inner: Socket): void {
    if (this.target === undefined) {
      inner.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(this.target);
    const outer = connect(Number(port), hostname);
    this.join(inner, outer);
    this.join(outer, inner);
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('error', () => undefined);
    from.once('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}

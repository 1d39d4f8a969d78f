import { type AddressInfo, createServer, type Server } from 'node:net';

import { RawPeer } from './raw-peer.js';
import { until } from './until.js';

const WELCOME = {
  type: 'welcome',
  protocol: 1,
  clientId: 'c-1',
  heartbeatInterval: 5_000,
  heartbeatTimeout: 10_000,
  maxFrameBytes: 4_194_304,
  maxInFlight: 1_024,
  authentication: 'none',
};

export const READY = {
  type: 'ready',
  session: 'c-1',
  secret: '9f86d081884c7d659a2feaa0c55ad015',
  resumed: false,
  received: 0,
  heartbeatInterval: 5_000,
  heartbeatTimeout: 10_000,
};

/** A server of bytes on a free loopback port: what it says to each client, the test says. */
export class RawServer {
  /** Everyone who has come so far, in order. */
  readonly peers: RawPeer[] = [];

  private constructor(private readonly server: Server) {}

  static async listen(): Promise<RawServer> {
    const raw: RawServer = new RawServer(createServer((socket) => raw.peers.push(new RawPeer(socket))));
    await new Promise<void>((resolve) => raw.server.listen(0, '127.0.0.1', resolve));
    return raw;
  }

  get url(): string {
    return `tcp://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** The client that comes as number `index`, from 0. */
  async peer(index: number): Promise<RawPeer> {
    await until(`client ${String(index)} comes`, () => this.peers.length > index);
    return this.peers[index] as RawPeer;
  }

  /** The same, once it has been welcomed and its hello answered. */
  async greeted(index: number, ready = READY): Promise<RawPeer> {
    const peer = await this.peer(index);
    peer.send(WELCOME);
    await peer.received({ type: 'hello' });
    peer.send(ready);
    return peer;
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

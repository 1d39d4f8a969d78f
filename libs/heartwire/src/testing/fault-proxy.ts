import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import { type Ending, FlowFaults } from './flow-faults.js';
import { type FlowName, Passage } from './passage.js';
import { resetSocket } from './reset-socket.js';
import { seededRandom } from './seeded-random.js';

/** From the client to the server (`upstream`), from the server to the client (`downstream`), or both. */
export type Direction = FlowName | 'both';

/** Options of a {@link FaultProxy}. */
export interface FaultProxyOptions {
  /** What jitter and corruption draw from; the same seed gives the same sequence. Default: 1. */
  readonly seed?: number | undefined;
}

/** How slow a network is. What is left out is as fast as can be. */
export interface SlownessOptions {
  /** How long everything takes at least to pass, in ms. Default: 0. */
  readonly delayMs?: number | undefined;
  /** How much longer a piece may take, at random, in ms. Nothing overtakes anything. Default: 0. */
  readonly jitterMs?: number | undefined;
  /** Of each connection. Default: unlimited. */
  readonly bytesPerSecond?: number | undefined;
}

/** Where and how a connection is cut. */
export interface CutOptions {
  readonly direction: FlowName;
  /** `close` in order, or `reset` as though the other end had crashed. Default: `reset`. */
  readonly ending?: Ending | undefined;
}

/**
 * A TCP proxy on loopback that does to connections what bad networks do, so that a test can see how
 * its services bear it. Faults hold for the connections that are open and those that follow, until
 * {@link FaultProxy.heal}. A connection from which bytes were taken never passes anything again in
 * that direction: its stream has a gap.
 *
 * @example
 * ```ts
 * const proxy = await FaultProxy.to(server.address);
 * const client = new HeartwireClient({ url: proxy.url });
 * proxy.slow({ delayMs: 20, jitterMs: 10 });
 * proxy.swallow('downstream'); // a black hole: the client hears nothing, and nobody tells it
 * await proxy.close();
 * ```
 */
export class FaultProxy {
  /** Where connections are passed on to, `tcp://host:port` or `ws://host:port/path`. While it is undefined, new ones are reset. */
  target: string | undefined;

  private readonly scheme: string;
  private readonly path: string;
  private readonly server: Server;
  private readonly faults: Readonly<Record<FlowName, FlowFaults>>;
  /** Sockets that lead nowhere yet: held, or waiting for the target. */
  private readonly unpaired = new Set<Socket>();
  private readonly passages = new Set<Passage>();
  /** Connections that wait to be accepted, while accepts are held. */
  private held: Socket[] | undefined;
  private acceptedCount = 0;

  private constructor(target: string, { seed = 1 }: FaultProxyOptions) {
    const { protocol, pathname } = new URL(target);
    this.target = target;
    this.scheme = protocol;
    this.path = pathname;
    const random = seededRandom(seed);
    this.faults = { upstream: new FlowFaults(random), downstream: new FlowFaults(random) };
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      this.acceptedCount += 1;
      this.track(socket);
      if (this.held === undefined) this.accept(socket);
      else this.held.push(socket);
    });
  }

  /**
   * Listens on a free loopback port for connections to `target`, `tcp://host:port` or `ws://host:port/path`.
   *
   * @throws TypeError when the target is no URL.
   */
  static async to(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Where it listens: what a client connects to instead of its server. A `ws://` target's path stays. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `${this.scheme}//127.0.0.1:${String(port)}${this.path}`;
  }

  /** How many connections pass through it now. */
  get connections(): number {
    return this.passages.size;
  }

  /** How many connections clients have opened to it so far. */
  get accepted(): number {
    return this.acceptedCount;
  }

  /** How many bytes it has passed on so far, in this direction, over all connections. */
  passedBytes(direction: FlowName): number {
    return this.faults[direction].passedBytes;
  }

  /** Delay, jitter and bandwidth. Replaces what was set before. Default: both directions. */
  slow(
    { delayMs = 0, jitterMs = 0, bytesPerSecond = Infinity }: SlownessOptions,
    direction?: Direction,
  ): void {
    for (const faults of this.faultsOf(direction)) {
      faults.delayMs = delayMs;
      faults.jitterMs = jitterMs;
      faults.bytesPerSecond = bytesPerSecond;
    }
  }

  /** Takes every byte and passes none on, nor that an end has closed: a black hole. Default: both directions. */
  swallow(direction?: Direction): void {
    for (const faults of this.faultsOf(direction)) faults.swallows = true;
  }

  /** Flips one bit in this share of all bytes, from 0 to 1. Default: both directions. */
  corrupt(share: number, direction?: Direction): void {
    for (const faults of this.faultsOf(direction)) faults.corruptShare = share;
  }

  /** Lets so many more bytes pass, over all connections; the connection that carries the last of them ends there, once. */
  cutAfter(bytes: number, { direction, ending = 'reset' }: CutOptions): void {
    this.faults[direction].cutAfterBytes(bytes, ending);
  }

  /** Closes every connection that is open now, to both ends, in order. */
  cut(): void {
    this.endAll('close');
  }

  /** Resets every connection that is open now, to both ends. */
  reset(): void {
    this.endAll('reset');
  }

  /** Says in this direction that nothing more will follow; the other direction stays open. */
  halfClose(direction: FlowName): void {
    for (const passage of this.passages) passage.flows[direction].halfClose();
  }

  /** New connections stand, but nobody answers: as with a server that is too busy to accept them. */
  holdAccepts(): void {
    this.held ??= [];
  }

  /** Accepts those that were held, and new ones at once. */
  releaseAccepts(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const socket of held) {
      if (!socket.destroyed) this.accept(socket);
    }
  }

  /** No more faults. Connections that have lost bytes stay broken. */
  heal(): void {
    this.faults.upstream.heal();
    this.faults.downstream.heal();
    this.releaseAccepts();
  }

  /** Ends every connection and listens no more. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.endAll('reset');
    await closed;
  }

  private faultsOf(direction: Direction = 'both'): readonly FlowFaults[] {
    if (direction === 'both') return [this.faults.upstream, this.faults.downstream];
    return [this.faults[direction]];
  }

  private endAll(ending: Ending): void {
    for (const passage of this.passages) passage.end(ending);
    for (const socket of this.unpaired) resetSocket(socket);
  }

  private accept(client: Socket): void {
    if (this.target === undefined) {
      resetSocket(client);
      return;
    }
    const { hostname, port } = new URL(this.target);
    const server = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port),
      allowHalfOpen: true,
      noDelay: true,
    });
    this.track(server);
    const onFailed = (): void => {
      resetSocket(client);
    };
    server.once('close', onFailed);
    server.once('connect', () => {
      server.removeListener('close', onFailed);
      if (client.destroyed) resetSocket(server);
      else this.join(client, server);
    });
  }

  private join(client: Socket, server: Socket): void {
    const passage = new Passage(client, server, this.faults, () => this.passages.delete(passage));
    this.passages.add(passage);
    this.unpaired.delete(client);
    this.unpaired.delete(server);
    client.resume();
  }

  private track(socket: Socket): void {
    this.unpaired.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.unpaired.delete(socket));
  }
}

import type {
  ConnectionEvent,
  HeartwireClient,
  HeartwireClientOptions,
  HeartwireServer,
  HeartwireServerOptions,
} from 'heartwire';
import { FaultProxy } from 'heartwire/testing';

import { HeldController } from './held.controller.js';
import { Stage } from './stage.js';
import { until } from './until.js';

type ServerOptions = Omit<HeartwireServerOptions, 'url' | 'urls'>;
type ClientOptions = Omit<HeartwireClientOptions, 'url' | 'urls'>;

/** Comes back quickly, and as quickly each time: a test of many breaks should not wait for a backoff. */
const AT_ONCE = { firstMaxMs: 5, baseMs: 5, growthMs: 1, maxMs: 1 };

/** A client and a server, and a proxy between them that breaks as a test wants it. */
export class BrokenLine {
  readonly stage = new Stage();
  server!: HeartwireServer;
  controller!: HeldController;
  client!: HeartwireClient;
  proxy!: FaultProxy;
  /** What the server told of its connections. */
  events: ConnectionEvent['type'][] = [];

  /** @param url where servers listen */
  constructor(private readonly url = 'tcp://127.0.0.1:0') {}

  async open(server: ServerOptions = {}, client: ClientOptions = {}): Promise<void> {
    this.proxy = this.stage.track(await FaultProxy.to(await this.serve(server)));
    this.client = this.stage.client(this.proxy.url, { reconnect: AT_ONCE, ...client });
    await this.client.connect();
  }

  /** Breaks the line and lets the client come back. */
  async cut(): Promise<void> {
    const before = this.count('resumed');
    this.proxy.reset();
    await until('the session goes on', () => this.count('resumed') > before);
  }

  /** Breaks the line until `mend`. */
  async breakOff(): Promise<void> {
    const before = this.count('suspended');
    this.proxy.target = undefined;
    this.proxy.reset();
    await until('the session waits', () => this.count('suspended') > before);
  }

  mend(): void {
    this.proxy.target = this.server.address;
  }

  /** Waits until the server has given up the session. */
  async forgotten(): Promise<void> {
    await until('the session is gone', () => this.count('closed') > 0);
  }

  /** Another server takes the place of this one, which goes on unseen. Returns the old one's handlers. */
  async replaceServer(options: ServerOptions = {}): Promise<HeldController> {
    const old = this.controller;
    this.proxy.target = await this.serve(options);
    this.proxy.reset();
    return old;
  }

  async clear(): Promise<void> {
    this.controller.gate.resolve();
    await this.stage.clear();
    this.events = [];
  }

  private async serve(options: ServerOptions): Promise<string> {
    const { app, server, url } = await this.stage.serve(
      { controllers: [HeldController] },
      { url: this.url, server: options },
    );
    this.controller = app.get(HeldController);
    this.server = server;
    server.connections$.subscribe(({ type }) => this.events.push(type));
    return url;
  }

  private count(type: ConnectionEvent['type']): number {
    return this.events.filter((event) => event === type).length;
  }
}

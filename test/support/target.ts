import type {
  HeartwireClient,
  HeartwireClientOptions,
  HeartwireServer,
  HeartwireServerOptions,
} from 'heartwire';
import { firstValueFrom } from 'rxjs';

import type { RawMessage } from './raw-end.js';
import { RawPeer } from './raw-peer.js';
import { Stage } from './stage.js';
import { TargetController } from './target.controller.js';
import { until } from './until.js';

/** How long the bystander rests between two calls. */
const REST_MS = 2;
/** How long one of its calls takes when something is wrong: more than a busy machine needs. */
const STALLED_MS = 30_000;
/** A simple peer that has left may just have finished sending: what it called runs on for so long. */
const DRAIN_MS = 100;

/**
 * A served application that somebody attacks, and a bystander who calls it all the while: one call
 * that fails, or one lost connection, and `close` tells.
 */
export class Target {
  /** Answers that the bystander got so far. */
  answered = 0;
  private readonly peers: RawPeer[] = [];
  private readonly faults: unknown[] = [];
  private isOver = false;
  private bystander: Promise<void> | undefined;

  private constructor(
    readonly server: HeartwireServer,
    readonly controller: TargetController,
    private readonly stage: Stage,
  ) {}

  /** @param url where it listens, by default at a free port */
  static async open(
    options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {},
    url?: string,
  ): Promise<Target> {
    const stage = new Stage();
    const { app, server } = await stage.serve(
      { controllers: [TargetController] },
      { server: { drainTimeoutMs: DRAIN_MS, ...options }, ...(url !== undefined && { url }) },
    );
    const target = new Target(server, app.get(TargetController), stage);
    target.bystander = target.standBy();
    await target.isAnswered();
    return target;
  }

  get url(): string {
    return this.server.address;
  }

  /** What the server's side has warned of, or called an error. */
  get warnings(): readonly string[] {
    const { logger } = this.stage;
    return [...logger.texts('warn'), ...logger.texts('error')];
  }

  /** Somebody of whom only good can be expected, beside the bystander. */
  client(options?: Omit<HeartwireClientOptions, 'url' | 'urls'>): HeartwireClient {
    return this.stage.client(this.url, options);
  }

  /** Somebody of whom anything can be expected. */
  async stranger(options?: { readonly reads?: boolean }): Promise<RawPeer> {
    const peer = await RawPeer.connect(this.url, options);
    this.peers.push(peer);
    const isKnown = (): boolean =>
      this.server.connections.some(({ remote }) => remote.endsWith(`:${String(peer.localPort)}`));
    await until('the server has accepted', () => peer.isClosed || isKnown());
    return peer;
  }

  /**
   * Waits for the end of one who broke the rules. @returns the last word that it was told
   * @throws Error when anybody else was closed too, or the log has not exactly one line on it
   */
  async refusal(peer: Pick<RawPeer, 'closed' | 'messages'>): Promise<RawMessage | undefined> {
    await peer.closed();
    await this.isLeftAlone();
    const lastWord = peer.messages.at(-1);
    const { warnings } = this;
    if (warnings.length !== 1 || !warnings[0]?.includes(String(lastWord?.code))) {
      throw new Error(`the log should have one line on ${JSON.stringify(lastWord)}: ${warnings.join('\n')}`);
    }
    return lastWord;
  }

  /** Waits until nobody but the bystander is connected. */
  async isLeftAlone(): Promise<void> {
    await until('only the bystander is left', () => this.server.connections.length === 1);
  }

  /** Waits until the bystander has been answered once more, in full. */
  async isAnswered(): Promise<void> {
    const enough = this.answered + 2;
    await until('the bystander is answered', () => this.answered >= enough || this.faults.length > 0);
  }

  /** @throws Error when the bystander has noticed anything */
  async close(): Promise<void> {
    await this.isAnswered();
    this.isOver = true;
    await this.bystander;
    for (const peer of this.peers) peer.close();
    await this.stage.clear();
    if (this.faults.length > 0) throw new Error(`the bystander noticed: ${String(this.faults)}`);
  }

  private async standBy(): Promise<void> {
    const client = this.stage.client(this.url, { callTimeoutMs: STALLED_MS });
    client.on('close', () => {
      if (!this.isOver) this.faults.push('its connection was lost');
    });
    client.on('error', (error) => this.faults.push(error));
    while (!this.isOver && this.faults.length === 0) {
      try {
        await firstValueFrom(client.send('pulse', {}));
        this.answered += 1;
      } catch (error) {
        this.faults.push(error);
      }
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }
}

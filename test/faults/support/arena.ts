import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Logger } from '@nestjs/common';
import { FaultProxy } from 'heartwire/testing';

import { LeakGuard } from '../../support/leak-guard.js';
import type { Caller, Contestant } from './contestants.js';
import { Peer } from './peer.js';
import { serve, type Serving } from './serve.js';

/** A client, and the connection that it has. */
export interface Connected {
  readonly client: Caller;
  readonly socket: Socket;
}

/** Where a contestant goes through one scenario: servers, clients and proxies, and none of them left behind. */
export class Arena {
  private readonly guard = new LeakGuard();
  private readonly cleanups: (() => unknown)[] = [];
  private readonly delays = monitorEventLoopDelay();

  /** @param patienceMs how long to wait for what may never come */
  constructor(
    readonly contestant: Contestant,
    readonly patienceMs = 6_000,
  ) {
    Logger.overrideLogger(false);
    this.delays.enable();
    this.guard.begin();
  }

  /** What another process needs to know of the contestant. */
  get orders(): { contestant: Pick<Contestant, 'name' | 'settings'> } {
    const { name, settings } = this.contestant;
    return { contestant: { name, settings } };
  }

  /** How late a timer of this process has been at most. */
  get latestTimerMs(): number {
    return this.delays.max / 1e6;
  }

  async serve(port = 0): Promise<Serving> {
    const serving = await serve(this.contestant, port);
    this.later(async () => {
      await serving.app.close();
      for (const socket of serving.sockets) socket.destroy();
    });
    return serving;
  }

  /** A client that is not connected yet. */
  client(ports: number | readonly number[], host = '127.0.0.1'): Caller {
    const client = this.contestant.client([ports].flat(), host);
    this.later(() => client.close());
    return client;
  }

  async connect(port: number): Promise<Connected> {
    const client = this.client(port);
    await client.connect();
    return { client, socket: client.unwrap() };
  }

  async proxy(port: number): Promise<{ proxy: FaultProxy; port: number }> {
    const proxy = await FaultProxy.to(`tcp://127.0.0.1:${port}`);
    this.later(() => proxy.close());
    return { proxy, port: Number(new URL(proxy.url).port) };
  }

  peer(file: 'server-peer' | 'client-peer', launcher?: readonly string[]): Peer {
    const peer = Peer.start(file, launcher);
    this.later(() => peer.kill());
    return peer;
  }

  /** A path for a file that goes with the arena. */
  async file(name: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'heartwire-faults-'));
    this.later(() => rm(folder, { recursive: true }));
    return join(folder, name);
  }

  later(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  /** Last in, first out: clients go before their servers. @throws Error when Heartwire leaves something behind. */
  async clear(): Promise<void> {
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
    if (this.contestant.name === 'Heartwire') await this.guard.check();
    this.delays.disable();
  }
}

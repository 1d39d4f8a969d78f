import { randomUUID } from 'node:crypto';

import {
  type INestMicroservice,
  Logger,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  HeartwireClient,
  type HeartwireClientOptions,
  HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';

import { LeakGuard } from './leak-guard.js';

/** How long a call waits unless a test says otherwise: none should fail only because the machine is slow. */
const PATIENT_MS = 30_000;

/** Options without an address: the stage knows it. */
type Unaddressed<Options> = Omit<Options, 'url' | 'urls'>;

interface ServeOptions {
  /** Default: a free loopback port. */
  readonly url?: string;
  readonly server?: Unaddressed<HeartwireServerOptions>;
  /** Before the application listens: global pipes, filters, hooks. */
  readonly prepare?: (app: INestMicroservice, server: HeartwireServer) => void;
}

/** An application that Heartwire serves on a free loopback port. */
export interface Served {
  readonly app: INestMicroservice;
  readonly server: HeartwireServer;
  readonly url: string;
}

/** Keeps what the applications under test log, so that a test can read it and the console stays quiet. */
export class RecordingLogger implements LoggerService {
  readonly lines: { readonly level: string; readonly text: string }[] = [];

  log(message: unknown): void {
    this.record('log', message);
  }

  warn(message: unknown): void {
    this.record('warn', message);
  }

  error(message: unknown): void {
    this.record('error', message);
  }

  texts(level: string): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }

  private record(level: string, message: unknown): void {
    this.lines.push({
      level,
      text: message instanceof Error ? (message.stack ?? message.message) : String(message),
    });
  }
}

/** Applications and clients of one test file; `clear` leaves nothing of them behind. */
export class Stage {
  readonly logger = new RecordingLogger();
  private readonly clients: { close(): unknown }[] = [];
  private readonly served: Served[] = [];
  private readonly guard = new LeakGuard();

  /** Serves a module of its own with these controllers and providers. */
  async serve(
    metadata: ModuleMetadata,
    { url = 'tcp://127.0.0.1:0', server: options, prepare }: ServeOptions = {},
  ): Promise<Served> {
    this.guard.begin();
    const server = new HeartwireServer({ ...options, url });
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf(metadata), {
      strategy: server,
      logger: this.logger,
    });
    prepare?.(app, server);
    await app.listen();
    const served = { app, server, url: server.address };
    this.served.push(served);
    return served;
  }

  /** Its calls are patient. With `callTimeoutMs: undefined` it waits as long as a client does of whom nothing was said. */
  client(url: string | readonly string[], options?: Unaddressed<HeartwireClientOptions>): HeartwireClient {
    const where = typeof url === 'string' ? { url } : { urls: url };
    return this.track(new HeartwireClient({ callTimeoutMs: PATIENT_MS, ...options, ...where }));
  }

  /** Has `clear` close this client too, or proxy: the last one first. */
  track<Client extends { close(): unknown }>(client: Client): Client {
    this.guard.begin();
    // A client may be made before any application has brought its logger.
    Logger.overrideLogger(this.logger);
    this.clients.push(client);
    return client;
  }

  /**
   * Closes clients, then applications.
   *
   * @throws Error when a server still holds a connection after that, or the process a socket, timer or listener
   */
  async clear(): Promise<void> {
    for (const client of this.clients.splice(0).reverse()) await client.close();
    for (const { app, server, url } of this.served.splice(0)) {
      await app.close();
      if (server.connections.length > 0)
        throw new Error(`${url} still holds ${String(server.connections.length)} connections`);
    }
    this.logger.lines.length = 0;
    await this.guard.check();
  }
}

/** A module class of its own for each call: Nest tells modules apart by their class. */
export function moduleOf(metadata: ModuleMetadata): new () => object {
  const name = `Module${randomUUID()}`;
  const { [name]: module } = { [name]: class {} };
  if (module === undefined) throw new Error('unreachable');
  Module(metadata)(module);
  return module;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BrowserBundle } from './browser-bundle.js';
import { ChildService } from './child-service.js';
import { freeUrl } from './free-url.js';

type ServiceName = 'chat' | 'files' | 'gateway';

/** The whole demo with its page: each service is a process that can be killed, and started again where it was. */
export class ChatSite {
  private readonly running = new Map<ServiceName, ChildService>();

  private constructor(
    /** Where the page is. */
    readonly url: string,
    /** Where terminals connect. */
    readonly usersUrl: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly bundle: BrowserBundle,
    private readonly folder: string,
  ) {}

  static async start(): Promise<ChatSite> {
    const bundle = await BrowserBundle.build();
    const folder = await mkdtemp(join(tmpdir(), 'chat-site-'));
    const [chat, files, users, http] = [await freeUrl(), await freeUrl(), await freeUrl(), await freeUrl()];
    const env = {
      CHAT_LISTEN: chat,
      CHAT_URL: chat,
      CHAT_FOLDER: join(folder, 'chat'),
      FILES_LISTEN: files,
      FILES_URL: files,
      FILES_FOLDER: join(folder, 'files'),
      CHAT_TCP_PORT: new URL(users).port,
      PORT: new URL(http).port,
      PAGE_FOLDER: await bundle.chatPage(),
    };
    const site = new ChatSite(http.replace('tcp', 'http'), users, env, bundle, folder);
    await Promise.all([site.run('chat'), site.run('files'), site.run('gateway')]);
    return site;
  }

  /** Resolves once it listens. */
  async run(name: ServiceName): Promise<void> {
    const service = new ChildService(`src/${name}/main.ts`, [], this.env);
    this.running.set(name, service);
    await service.prints('Listening at');
  }

  /** Without a word, or with `SIGTERM` in order. */
  async kill(name: ServiceName, signal?: NodeJS.Signals): Promise<void> {
    await this.running.get(name)?.kill(signal);
    this.running.delete(name);
  }

  async stop(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.kill(name);
    await rm(this.folder, { recursive: true, force: true });
    await this.bundle.remove();
  }
}

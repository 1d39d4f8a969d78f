import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { LoggerService } from '@nestjs/common';

import { LevelMessageStore } from './level-message-store.js';
import type { MessageStore } from './message-store.js';
import { RedisMessageStore } from './redis-message-store.js';

/** Where the history is kept. With neither it lasts as long as the service. */
export interface HistoryPlace {
  /** One that several instances share. It wins. */
  readonly redisUrl?: string | undefined;
  /** One that no other process uses. */
  readonly folder?: string | undefined;
}

/** @throws Error when the folder can't be used, or Redis can't be there */
export async function openStore(
  { redisUrl, folder }: HistoryPlace,
  logger: LoggerService,
): Promise<MessageStore> {
  if (redisUrl !== undefined) return new RedisMessageStore(redisAddress(redisUrl), logger);
  // A folder in that one, so that it can be moved aside where that one is a volume.
  if (folder !== undefined) return LevelMessageStore.open(join(folder, 'messages'), logger);
  const temporary = await mkdtemp(join(tmpdir(), 'chat-'));
  const store = await LevelMessageStore.open(join(temporary, 'messages'), logger);
  const close = store.close.bind(store);
  return Object.assign(store, {
    close: async () => {
      await close();
      await rm(temporary, { recursive: true });
    },
  });
}

/** As the gateway has it. */
function redisAddress(url: string): string {
  if (/^rediss?:\/\/./.test(url) && URL.canParse(url)) return url;
  throw new Error('REDIS_URL must be redis://host:port, or rediss:// for TLS');
}

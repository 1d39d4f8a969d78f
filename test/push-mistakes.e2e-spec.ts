import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import {
  type HeartwireClient,
  HeartwireContext,
  type HeartwireServer,
  type PushHandler,
  type PushTarget,
} from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { errorOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class WhoController {
  @MessagePattern('whoami')
  whoami(@Ctx() { connection }: HeartwireContext): string {
    return connection.clientId;
  }
}

describe('a mistake of the program that pushes', () => {
  const stage = new Stage();
  let server: HeartwireServer;
  let client: HeartwireClient;
  let id: string;
  let news: unknown[];

  beforeEach(async () => {
    const served = await stage.serve({ controllers: [WhoController] });
    ({ server } = served);
    client = stage.client(served.url);
    news = [];
    client.on$('news').subscribe((item) => news.push(item));
    id = await firstValueFrom(client.send<string>('whoami', {}));
  });

  afterEach(() => stage.clear());

  /** The client is where it was, and gets what is pushed. */
  const isUnharmed = async (): Promise<void> => {
    server.hub.broadcast.emit('news', 'last');
    await until('it is here', () => news.length > 0);
    expect(news).toEqual(['last']);
    expect(server.hub.clients).toEqual([id]);
    expect(stage.logger.texts('warn')).toEqual([]);
  };

  it.each([undefined, null, true, NaN, Symbol('news'), () => 'news'])(
    'in the pattern (%p) is told to it, and costs no client its connection',
    async (pattern) => {
      expect(() => {
        server.hub.broadcast.emit(pattern, 1);
      }).toThrow(expect.objectContaining({ code: 'UNSERIALIZABLE' }));
      expect(await errorOf(server.hub.client(id).send(pattern, 1))).toMatchObject({ code: 'UNSERIALIZABLE' });
      await isUnharmed();
    },
  );

  it.each([undefined, null, true, NaN, Symbol('news'), () => 'news'])(
    'in the pattern (%p) that it listens to is told to it',
    async (pattern) => {
      expect(await errorOf(client.on$(pattern))).toMatchObject({ code: 'UNSERIALIZABLE' });
      expect(() => client.handle(pattern, () => 'unheard')).toThrow(
        expect.objectContaining({ code: 'UNSERIALIZABLE' }),
      );
    },
  );

  it('in the place of a handler is told to it', () => {
    expect(() => client.handle('news', undefined as unknown as PushHandler)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('in the metadata is told to it, and costs no client its connection', async () => {
    const metadata = { trace: 7 } as unknown as Record<string, string>;
    expect(() => {
      server.hub.broadcast.emit('news', 1, { metadata });
    }).toThrow(expect.objectContaining({ code: 'UNSERIALIZABLE' }));
    const call = server.hub.client(id).send('news', 1, { metadata });
    expect(await errorOf(call)).toMatchObject({ code: 'UNSERIALIZABLE' });
    await isUnharmed();
  });

  it('in the time of a call is told to it, and costs the client no connection', async () => {
    client.handle('double', (n) => Number(n) * 2);
    const { hub } = server;
    const call = hub.client(id).send('double', 1, { timeoutMs: NaN });
    expect(await errorOf(call)).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await firstValueFrom(hub.client(id).send('double', 1, { timeoutMs: Infinity }))).toBe(2);
    await isUnharmed();
  });

  it.each([undefined, null, 7, {}, { room: undefined }, { rooms: 'lobby' }, { client: 7 }, [['ann', 'bob']]])(
    'in the target (%p) is told to it, so that nobody gets what is not meant for them',
    async (target) => {
      const refusal = expect.objectContaining({ code: 'INVALID_OPTIONS' });
      expect(() => server.hub.to(target as PushTarget)).toThrow(refusal);
      expect(() => server.hub.broadcast.except(target as PushTarget)).toThrow(refusal);
      expect(() => server.hub.to(id).except('lobby', target as PushTarget)).toThrow(refusal);
      await isUnharmed();
    },
  );

  it.each([undefined, null, 7, {}])('in the name of a room (%p) is told to it', (room) => {
    const refusal = expect.objectContaining({ code: 'INVALID_OPTIONS' });
    expect(() => server.hub.join(id, room as string)).toThrow(refusal);
    expect(() => server.hub.join('nobody', room as string)).toThrow(refusal);
    expect(server.hub.rooms).toEqual([]);
  });
});

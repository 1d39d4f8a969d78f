import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireContext } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

const journal: string[] = [];

@Controller()
class MetadataController {
  @MessagePattern('metadata')
  metadata(@Ctx() context: HeartwireContext): unknown {
    return { metadata: context.metadata, asInNest: context.getMetadata() ?? 'none' };
  }

  @EventPattern('metadata of an event')
  eventMetadata(@Ctx() context: HeartwireContext): void {
    journal.push(JSON.stringify(context.metadata));
  }
}

describe('metadata of calls and events', () => {
  const stage = new Stage();
  let url: string;
  let client: HeartwireClient;

  beforeAll(async () => {
    ({ url } = await stage.serve({ controllers: [MetadataController] }));
    client = stage.client(url);
  });

  afterAll(() => stage.clear());

  describe('the dispatch hook of a client', () => {
    it('attaches metadata to calls and events, and is asked once for each', async () => {
      const hooked = stage.client(url);
      const asked: unknown[] = [];
      hooked.setOnDispatchHook((packet) => {
        asked.push({ ...packet });
        packet.metadata = { trace: `${String(packet.pattern)} ${String(packet.data)}` };
      });
      const metadata = { trace: 'metadata 7' };
      expect(await firstValueFrom(hooked.send('metadata', 7))).toEqual({ metadata, asInNest: metadata });
      await outcomeOf(hooked.emit('metadata of an event', 8, { acknowledge: true }));
      await outcomeOf(hooked.emit('metadata of an event', 9));
      await outcomeOf(hooked.send('metadata', 10));
      expect(journal.filter((entry) => entry.startsWith('{'))).toEqual([
        '{"trace":"metadata of an event 8"}',
        '{"trace":"metadata of an event 9"}',
      ]);
      expect(asked).toEqual([
        { pattern: 'metadata', data: 7 },
        { pattern: 'metadata of an event', data: 8 },
        { pattern: 'metadata of an event', data: 9 },
        { pattern: 'metadata', data: 10 },
      ]);
    });

    it('gives way to what the call itself attaches', async () => {
      const hooked = stage.client(url);
      hooked.setOnDispatchHook((packet) => {
        packet.metadata = { trace: 'of the hook', tenant: 'of the hook' };
      });
      const call = hooked.send('metadata', {}, { metadata: { tenant: 'of the call' } });
      expect(await firstValueFrom(call)).toMatchObject({
        metadata: { trace: 'of the hook', tenant: 'of the call' },
      });
    });

    it('may attach nothing: the handler then sees empty metadata, and none in the way of Nest', async () => {
      const hooked = stage.client(url);
      hooked.setOnDispatchHook(() => undefined);
      for (const each of [client, hooked]) {
        expect(await firstValueFrom(each.send('metadata', {}))).toEqual({ metadata: {}, asInNest: 'none' });
      }
    });

    it('fails the call when what it attaches is no text, or when it throws itself', async () => {
      const hooked = stage.client(url);
      hooked.setOnDispatchHook((packet) => {
        if (packet.data === 'throw') throw new Error('no trace today');
        packet.metadata = { attempts: 3 as unknown as string };
      });
      const error = await errorOf(hooked.send('metadata', {}));
      expect(error).toMatchObject({ code: 'UNSERIALIZABLE', sent: 'never', retryable: false });
      expect((error as Error).message).toContain('metadata.attempts must be a string');
      expect(await errorOf(hooked.emit('metadata of an event', {}))).toMatchObject({
        code: 'UNSERIALIZABLE',
      });
      expect(await errorOf(hooked.send('metadata', 'throw'))).toEqual(new Error('no trace today'));
    });
  });
});

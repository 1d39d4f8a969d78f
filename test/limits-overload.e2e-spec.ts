import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';

import { HeldController } from './support/held.controller.js';
import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { TargetController } from './support/target.controller.js';
import { until } from './support/until.js';

let stage: Stage;
let target: TargetController;
let url: string;
const peers: RawPeer[] = [];

const serve = async (limits: HeartwireServerOptions['limits']): Promise<void> => {
  const served = await stage.serve(
    { controllers: [TargetController] },
    { server: { limits, drainTimeoutMs: 100 } },
  );
  url = served.url;
  target = served.app.get(TargetController);
};

const stranger = async (): Promise<RawPeer> => {
  const peer = await RawPeer.connect(url);
  peers.push(peer);
  return peer;
};

beforeEach(() => {
  stage = new Stage();
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await stage.clear();
});

describe('a process at its bound of running calls', () => {
  it('refuses in the words of a serializer, if there is one', async () => {
    const served = await stage.serve(
      { controllers: [HeldController] },
      {
        server: {
          limits: { runningCalls: 1 },
          drainTimeoutMs: 100,
          serializer: { serialize: (packet: object) => ({ ...packet, by: 'the serializer' }) },
        },
      },
    );
    const peer = await RawPeer.connect(served.url);
    peers.push(peer);
    peer.send({ id: 1, pattern: 'silent', data: 'a' }, { id: 2, pattern: 'silent', data: 'b' });
    expect(await peer.received({ id: 2 })).toMatchObject({
      by: 'the serializer',
      err: { code: 'OVERLOADED', retryable: true, sent: 'never' },
    });
  });
});

describe('who sends more streams at once than limits.incomingStreams', () => {
  it('is refused those, may send others once they are over, and takes nothing of a peer beside it', async () => {
    await serve({ incomingStreams: 2 });
    const [greedy, honest] = [await stranger(), await stranger()];
    const streaming = (id: number): object => ({ id, pattern: 'endless', data: {}, stream: true });
    greedy.send(streaming(1), streaming(2), streaming(3), { id: 4, pattern: 'echo', data: 4 });
    expect(await greedy.received({ id: 3 })).toMatchObject({
      err: { code: 'OVERLOADED', message: '2 streams run on this connection already', sent: 'never' },
    });
    expect(await greedy.received({ id: 4 })).toMatchObject({ response: 4 });
    honest.send(streaming(1), streaming(2), { id: 3, pattern: 'echo', data: 3 });
    expect(await honest.received({ id: 3 })).toMatchObject({ response: 3 });
    await until('four run', () => target.counts.endless === 4);
    expect(honest.messages.filter(({ err }) => err !== undefined)).toEqual([]);
    greedy.send({ type: 'cancel', id: 1 }, streaming(5), { id: 6, pattern: 'echo', data: 6 });
    expect(await greedy.received({ id: 6 })).toMatchObject({ response: 6 });
    expect(greedy.messages.filter(({ id }) => id === 5)).toEqual([]);
  });
});

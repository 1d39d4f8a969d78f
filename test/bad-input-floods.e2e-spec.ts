import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { frame, messageFrame, type RawPeer } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;
const MANY = 100_000;
const RUNNING = 500;
/** What a large answer of the target holds, in characters. */
const LARGE = 65_536;
/** Also on a machine that has much else to do. */
const FLOOD_MS = 120_000;

jest.setTimeout(FLOOD_MS + 15_000);
/** More than the kernel holds for both ends of a connection on loopback, with room to spare. */
const MORE_THAN_THE_KERNEL_HOLDS = 64 * MIB;

let target: Target;

/** No ping comes between what is counted here. */
const RARELY = { intervalMs: 2 * FLOOD_MS, timeoutMs: 2 * FLOOD_MS };

const open = async (options?: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> => {
  target = await Target.open({ heartbeat: RARELY, ...options });
};

afterEach(() => target.close());

/** Many frames in one buffer. */
const frames = (count: number, message: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => message(index)));

interface Refusal {
  readonly code?: unknown;
  readonly retryable?: unknown;
  readonly sent?: unknown;
}

function isSafeToRepeat(err: unknown): boolean {
  const { code, retryable, sent } = (err ?? {}) as Refusal;
  return code === 'OVERLOADED' && retryable === true && sent === 'never';
}

describe('100,000 tiny frames in one write', () => {
  it('that are empty are signs of life', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(frames(MANY, () => frame('')));
    peer.send({ id: 1, pattern: 'echo', data: 'alive' });
    expect(await peer.received({ id: 1 }, FLOOD_MS)).toMatchObject({ response: 'alive' });
    expect(target.warnings).toEqual([]);
  });

  it('that are calls are all answered', async () => {
    await open({ limits: { runningCallsPerConnection: MANY, runningCalls: MANY } });
    const peer = await target.stranger();
    peer.write(frames(MANY, (id) => messageFrame({ id, pattern: 'echo', data: id })));
    await until('all are answered', () => peer.messages.length > MANY, FLOOD_MS);
    const answers = peer.messages.filter(({ id, response }) => id !== undefined && id === response);
    expect(answers).toHaveLength(MANY);
    expect(target.warnings).toEqual([]);
  });

  it('that are calls beyond what may run at once: those are refused, and may be made again', async () => {
    await open({ limits: { runningCallsPerConnection: 10 } });
    const peer = await target.stranger();
    peer.write(frames(MANY, (id) => messageFrame({ id, pattern: 'endless', data: id })));
    await until(
      'all but those that run are answered',
      () => peer.messages.length === 1 + MANY - 10,
      FLOOD_MS,
    );
    const refusals = peer.messages.filter(({ err }) => isSafeToRepeat(err));
    expect(refusals).toHaveLength(MANY - 10);
    expect(target.controller.counts.endless).toBe(10);
    expect(target.warnings).toEqual([]);
  });

  it('that are events are all heard, in order', async () => {
    await open({ limits: { waitingEvents: MANY } });
    const peer = await target.stranger();
    peer.write(frames(MANY, (index) => messageFrame({ pattern: 'told', data: index })));
    await until('all are heard', () => target.controller.heard.length === MANY, FLOOD_MS);
    expect(target.controller.heard.every((data, index) => data === index)).toBe(true);
    expect(target.warnings).toEqual([]);
  });

  it('that are events beyond what may wait end the connection', async () => {
    await open({ limits: { runningCallsPerConnection: 1, waitingEvents: 1_000 } });
    const peer = await target.stranger();
    peer.write(frames(MANY, (index) => messageFrame({ pattern: 'endless event', data: index })));
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'OVERLOADED',
      message: '1000 events are waiting on this connection already',
    });
  });

  it('that are events which nobody handles do not flood the log', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(frames(MANY, (index) => messageFrame({ pattern: `nobody's\n${index}`, data: {} })));
    peer.send({ id: 1, pattern: 'echo', data: 'served' });
    expect(await peer.received({ id: 1 }, FLOOD_MS)).toMatchObject({ response: 'served' });
    expect(target.warnings).toHaveLength(10);
    expect(target.warnings[9]).toMatch(
      /^There is no matching event handler defined in the remote service\. Event pattern: nobody's 9, from tcp/,
    );
  });

  it('that are one event which nobody handles are told once', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(frames(100, () => messageFrame({ pattern: "nobody's", data: {} })));
    peer.write(messageFrame({ pattern: "nobody's either", data: {} }));
    peer.send({ id: 1, pattern: 'echo', data: 'served' });
    expect(await peer.received({ id: 1 }, FLOOD_MS)).toMatchObject({ response: 'served' });
    expect(target.warnings).toEqual([
      expect.stringContaining("Event pattern: nobody's, from"),
      expect.stringContaining("Event pattern: nobody's either, from"),
    ]);
  });

  it('that are pings are all answered', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(frames(MANY, (timestamp) => messageFrame({ type: 'ping', timestamp })));
    await until('all are answered', () => peer.messages.length === 1 + MANY, FLOOD_MS);
    expect(peer.messages.at(-1)).toEqual({ type: 'pong', timestamp: MANY - 1 });
    expect(target.warnings).toEqual([]);
  });

  it('that are bad end the connection once', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(frames(MANY, () => frame('oops')));
    expect(await target.refusal(peer)).toMatchObject({ type: 'error', code: 'PROTOCOL_ERROR' });
    expect(peer.messages).toHaveLength(2);
  });
});

const droppedAsSlow = expect.stringMatching(
  /^Lost the connection of tcp:\/\/127\.0\.0\.1:\d+: SLOW_CONSUMER, \d+ bytes wait for the other end/,
);

describe('one that never reads', () => {
  /** Writes as long as the server takes it. */
  async function flood(peer: RawPeer, message: (index: number) => object): Promise<void> {
    let count = 0;
    while (!peer.isClosed && peer.socket.bytesWritten < MORE_THAN_THE_KERNEL_HOLDS) {
      const hasRoom = peer.write(frames(1_000, () => messageFrame(message((count += 1)))));
      if (hasRoom) await new Promise((resolve) => setImmediate(resolve));
      else await until('there is room', () => peer.isClosed || !peer.socket.writableNeedDrain);
    }
  }

  it('is dropped when more answers wait for it than sendBufferBytes', async () => {
    await open({ limits: { sendBufferBytes: MIB, runningCallsPerConnection: RUNNING } });
    const peer = await target.stranger({ reads: false });
    peer.write(frames(10_000, (id) => messageFrame({ id, pattern: 'large', data: {} })));
    await target.isLeftAlone();
    expect(target.warnings).toEqual([droppedAsSlow]);
    // What ran when the bound was reached was stopped, and the rest was never begun.
    expect(target.controller.counts.large).toBeLessThanOrEqual(RUNNING);
  });

  it('is dropped though it speaks on, so that it never seems dead', async () => {
    await open({ limits: { sendBufferBytes: MIB } });
    const peer = await target.stranger({ reads: false });
    await flood(peer, (id) => ({ id, pattern: 'large', data: {} }));
    await target.isLeftAlone();
    expect(target.warnings).toEqual([droppedAsSlow]);
  });

  it.each<[string, (index: number) => object]>([
    ['pings', () => ({ type: 'ping', timestamp: 'x'.repeat(256) })],
    ['questions for its status', () => ({ type: 'status' })],
    ['calls without a handler', (id) => ({ id, pattern: 'nobody', data: {} })],
  ])('is dropped when the answers to its %s pile up', async (_what, message) => {
    await open({ limits: { sendBufferBytes: MIB } });
    const peer = await target.stranger({ reads: false });
    await flood(peer, message);
    await target.isLeftAlone();
    expect(target.warnings).toEqual([droppedAsSlow]);
  });

  it('is dropped in time too when it broke the rules: it cannot take its last word', async () => {
    await open();
    const peer = await target.stranger({ reads: false });
    peer.write(frames(200, (id) => messageFrame({ id, pattern: 'large', data: {} })));
    await until('the answers wait', () => target.controller.counts.large === 200);
    peer.write(frame('oops'));
    await target.isLeftAlone();
    expect(target.warnings).toEqual([expect.stringContaining('PROTOCOL_ERROR')]);
  });
});

describe('one that reads, and acknowledges nothing', () => {
  it('has no more on its way than deliveryLogBytes, and is dropped beyond sendBufferBytes', async () => {
    await open({ limits: { deliveryLogBytes: 4 * LARGE, sendBufferBytes: MIB } });
    const greedy = await target.stranger();
    const answers = (): number => greedy.messages.filter(({ id }) => id !== undefined).length;
    greedy.send({ type: 'hello', protocol: 1 });
    await greedy.received({ type: 'ready' });
    const ask = (from: number, count: number): void => {
      const ids = Array.from({ length: count }, (_, index) => from + index);
      greedy.send(...ids.map((id) => ({ id, pattern: 'large', data: {} })));
    };
    ask(1, 8);
    await until('the window is full', () => target.controller.counts.large === 8 && answers() >= 4);

    const honest = target.client();
    for (let count = 0; count < 40; count++)
      expect(await firstValueFrom(honest.send<string>('large', {}))).toHaveLength(LARGE);
    await honest.close();
    expect(greedy.isClosed).toBe(false);
    expect(answers()).toBe(4);

    ask(9, 30);
    await greedy.closed();
    await target.isLeftAlone();
    expect(target.warnings).toEqual([droppedAsSlow]);
  });
});

describe('what one asks for', () => {
  it('far in the future does not come at once', async () => {
    await open();
    const peer = await target.stranger();
    const far = 1e15;
    peer.send({ id: 1, pattern: 'endless', data: {}, timeoutMs: far });
    await until('the call runs', () => target.controller.counts.endless === 1);
    peer.send({ type: 'goaway', reason: 'later', graceMs: far });
    peer.send({ id: 2, pattern: 'echo', data: 'still here' });
    expect(await peer.received({ id: 2 })).toMatchObject({ response: 'still here' });
    await target.isAnswered();
    expect(target.controller.counts.tornDown).toBe(0);
    expect(peer.isClosed).toBe(false);
    peer.send({ type: 'cancel', id: 1 });
    await until('the call is torn down', () => target.controller.counts.tornDown === 1);
  });
});

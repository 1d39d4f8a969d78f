import { afterEach, describe, expect, it } from '@jest/globals';

import { BrokenLine } from './support/broken-line.js';
import { errorOf, outcomeOf } from './support/outcome.js';

const PATIENT = { timeoutMs: 30_000 };
const LOST = { code: 'CONNECTION_LOST', sent: 'maybe', retryable: true };

describe('when a session is gone', () => {
  const line = new BrokenLine();

  afterEach(() => line.clear());

  it.each([
    ['its window has passed', { resumeWindowMs: 50 }],
    ['the server keeps none', { resumeWindowMs: 0 }],
  ])(
    'since %s: what was never sent is sent, what is idempotent is sent again, others may have run',
    async (_, options) => {
      await line.open({ ...options, limits: { runningCallsPerConnection: 3 } });
      const plain = errorOf(line.client.send('held', 'plain', PATIENT));
      const idempotent = outcomeOf(line.client.send('held', 'idempotent', { ...PATIENT, idempotent: true }));
      const event = errorOf(line.client.emit('told', 'event', { ...PATIENT, acknowledge: true }));
      await line.controller.started('plain', 'idempotent', 'event');
      const waiting = outcomeOf(line.client.send('held', 'waiting', PATIENT));
      line.proxy.target = undefined;
      line.proxy.reset();
      await line.forgotten();
      line.controller.gate.resolve();
      line.mend();
      expect(await plain).toMatchObject(LOST);
      expect(await event).toMatchObject(LOST);
      expect(await idempotent).toMatchObject({ values: ['idempotent is done'] });
      expect(await waiting).toMatchObject({ values: ['waiting is done'] });
      expect([...line.controller.runs].sort()).toEqual([
        'event',
        'idempotent',
        'idempotent',
        'plain',
        'waiting',
      ]);
    },
  );

  it('since another server has taken its place, too', async () => {
    await line.open();
    const plain = errorOf(line.client.send('held', 'plain', PATIENT));
    const idempotent = outcomeOf(line.client.send('held', 'idempotent', { ...PATIENT, idempotent: true }));
    await line.controller.started('plain', 'idempotent');
    const old = await line.replaceServer();
    await line.controller.started('idempotent');
    line.controller.gate.resolve();
    expect(await plain).toMatchObject(LOST);
    expect(await idempotent).toMatchObject({ values: ['idempotent is done'] });
    expect(line.controller.runs).toEqual(['idempotent']);
    expect(old.runs).toEqual(['plain', 'idempotent']);
    old.gate.resolve();
  });

  it('handlers that still ran for it hear so', async () => {
    await line.open({ resumeWindowMs: 50 });
    const failed = errorOf(line.client.send('silent', 'work', PATIENT));
    await line.controller.started('work');
    await line.breakOff();
    await line.controller.ended('work: CONNECTION_LOST');
    line.mend();
    expect(await failed).toMatchObject(LOST);
  });

  it('a stream that has begun fails, also an idempotent one: its items would come twice', async () => {
    await line.open({ resumeWindowMs: 50 });
    const stream = outcomeOf(line.client.send('feed', 'stream', { ...PATIENT, idempotent: true }));
    await line.controller.started('stream');
    line.controller.feed$.next(1);
    const seen = outcomeOf(line.client.send('held', 'behind it', PATIENT));
    line.controller.gate.resolve();
    await seen;
    await line.breakOff();
    await line.forgotten();
    line.mend();
    expect(await stream).toMatchObject({ values: [1], end: 'error', error: LOST });
    expect(line.controller.runs).toEqual(['stream', 'behind it']);
    expect(line.stage.logger.texts('warn').join()).not.toContain('PROTOCOL_ERROR');
  });

  it('idempotent calls are sent again only as long as the budget lasts', async () => {
    await line.open({ resumeWindowMs: 0 });
    const names = Array.from({ length: 80 }, (_, n) => `call ${String(n)}`);
    const answers = names.map((name) =>
      outcomeOf(line.client.send('held', name, { ...PATIENT, idempotent: true })),
    );
    await line.controller.started(...names);
    line.proxy.target = undefined;
    line.proxy.reset();
    await line.forgotten();
    line.controller.gate.resolve();
    line.mend();
    const ends = (await Promise.all(answers)).map(({ end }) => end);
    expect(ends.filter((end) => end === 'complete')).toHaveLength(51);
    expect(line.controller.runs).toHaveLength(80 + 51);
  });
});

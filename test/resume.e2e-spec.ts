import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { BrokenLine } from './support/broken-line.js';
import { errorOf, outcomeOf } from './support/outcome.js';

const PATIENT = { timeoutMs: 30_000 };

describe.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/heartwire'])('when the link breaks, over %s', (url) => {
  let line: BrokenLine;

  beforeEach(async () => {
    line = new BrokenLine(url);
    await line.open();
  });

  afterEach(() => line.clear());

  it('during a running handler, its answer still comes, and it ran once', async () => {
    const answer = outcomeOf(line.client.send('held', 'work', PATIENT));
    await line.controller.started('work');
    await line.cut();
    await line.cut();
    line.controller.gate.resolve();
    expect(await answer).toMatchObject({ values: ['work is done'], end: 'complete' });
    expect(line.controller.runs).toEqual(['work']);
  });

  it('and a handler ends meanwhile, its answer comes with the next link', async () => {
    const answer = outcomeOf(line.client.send('held', 'work', PATIENT));
    await line.controller.started('work');
    await line.breakOff();
    line.controller.gate.resolve();
    line.mend();
    expect(await answer).toMatchObject({ values: ['work is done'], end: 'complete' });
    expect(line.controller.runs).toEqual(['work']);
  });

  it('under many calls, each is answered once and runs once', async () => {
    const names = Array.from({ length: 400 }, (_, n) => `call ${String(n)}`);
    const answers = names.map((name) => outcomeOf(line.client.send('held', name, PATIENT)));
    await line.cut();
    line.controller.gate.resolve();
    for (let cuts = 0; cuts < 4; cuts += 1) await line.cut();
    for (const [index, outcome] of (await Promise.all(answers)).entries()) {
      expect(outcome).toMatchObject({ values: [`${names[index] ?? ''} is done`], end: 'complete' });
    }
    expect([...line.controller.runs].sort()).toEqual([...names].sort());
  });

  it('during a stream, no item is missing and none comes twice', async () => {
    const stream = outcomeOf(line.client.send<number>('feed', 'stream', PATIENT));
    await line.controller.started('stream');
    let items = 0;
    const feed = (count: number): void => {
      for (const last = items + count; items < last; items += 1) line.controller.feed$.next(items);
    };
    for (let round = 0; round < 3; round += 1) {
      feed(50);
      // Some of these are on their way when it breaks.
      await line.cut();
      feed(50);
      await line.breakOff();
      feed(20);
      line.mend();
    }
    line.controller.feed$.complete();
    expect(await stream).toMatchObject({ values: Array.from({ length: 360 }, (_, n) => n), end: 'complete' });
    expect(line.controller.runs).toEqual(['stream']);
  });

  it('during an acknowledged event, it is acknowledged once it was handled, and handled once', async () => {
    const told = outcomeOf(line.client.emit('told', 'news', { acknowledge: true, ...PATIENT }));
    await line.controller.started('news');
    await line.cut();
    await line.breakOff();
    line.controller.gate.resolve();
    await line.controller.ended('news');
    line.mend();
    expect(await told).toMatchObject({ end: 'complete' });
    expect(line.controller.runs).toEqual(['news']);
  });

  it('events that were told before it, and while it is away, are handled once and in order', async () => {
    line.controller.gate.resolve();
    const names = Array.from({ length: 60 }, (_, n) => `event ${String(n)}`);
    for (const [index, name] of names.entries()) {
      line.client.emit('told', name, PATIENT);
      if (index === 20) line.proxy.reset();
      if (index === 30) await line.breakOff();
    }
    line.mend();
    await line.controller.ended('event 59');
    expect(line.controller.runs).toEqual(names);
  });

  it('a cancel made while it is away reaches the handler', async () => {
    const call = line.client.send('silent', 'work', PATIENT).subscribe();
    const other = outcomeOf(line.client.send('held', 'other', PATIENT));
    await line.controller.started('work', 'other');
    await line.breakOff();
    call.unsubscribe();
    line.controller.gate.resolve();
    expect(line.controller.ends).toEqual([]);
    line.mend();
    await line.controller.ended('work: CANCELLED');
    expect(await other).toMatchObject({ values: ['other is done'] });
    expect(line.server.connections).toHaveLength(1);
  });

  it('a deadline that passes while it is away ends the call at both ends', async () => {
    // Time enough for the break to come before it.
    const failed = errorOf(line.client.send('silent', 'work', { timeoutMs: 3_000 }));
    await line.controller.started('work');
    await line.breakOff();
    expect(await failed).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
    await line.controller.ended('work: DEADLINE_EXCEEDED');
    line.mend();
    line.controller.gate.resolve();
    expect(await outcomeOf(line.client.send('held', 'next', PATIENT))).toMatchObject({
      values: ['next is done'],
    });
  });

  it('calls made while it is away go out when it is back', async () => {
    await line.breakOff();
    line.controller.gate.resolve();
    const answers = ['a', 'b'].map((name) => outcomeOf(line.client.send('held', name, PATIENT)));
    line.mend();
    for (const answer of answers) expect(await answer).toMatchObject({ end: 'complete' });
    expect(line.controller.runs).toEqual(['a', 'b']);
  });
});

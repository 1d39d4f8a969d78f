import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { HubClient, HubMember, HubNews } from '../options/hub-adapter.js';
import { monotonicClock } from '../timing/clock.js';
import { type Notice, noticeFields } from './entry.js';
import { InstanceProtocol } from './instance-protocol.js';

const MAX_BYTES = 65_536;

const clientsFrom = (from: number, to: number, identity?: unknown): readonly HubClient[] =>
  Array.from({ length: to - from }, (_, n) => ({ clientId: String(from + n), identity, rooms: [] }));

describe('what the instances say to each other', () => {
  let learnt: (readonly HubClient[])[];
  let own: readonly HubClient[];
  let warned: string[];
  let lost: string[];
  let missed: string[];
  let heard: HubNews[];
  let ownHeard: number[];
  let said: { readonly notice: Notice; readonly to: string | undefined }[];
  let protocol: InstanceProtocol;

  const member: HubMember = {
    logger: { log: () => undefined, warn: (message: string) => warned.push(message) },
    clients: () => own,
    hear: (_, news) => heard.push(news),
    learn: (_, clients) => learnt.push(clients),
    miss: (name) => missed.push(name),
    lose: (name) => lost.push(name),
  };
  const hear = (sequence: number, notice: Notice, to = 'west', from = 'east'): void => {
    const pairs = ['from', from, 'seq', String(sequence), ...noticeFields(notice, to, MAX_BYTES)];
    const fields = new Map<string, Buffer>();
    for (let at = 0; at < pairs.length; at += 2)
      fields.set(String(pairs[at]), Buffer.from(pairs[at + 1] ?? ''));
    protocol.take({ id: `${String(sequence)}-0`, fields });
  };
  const part = (from: number, to: number, is: { isFirst?: boolean; isLast?: boolean } = {}): Notice => {
    const { isFirst = false, isLast = false } = is;
    return { type: 'state', isFirst, isLast, clients: clientsFrom(from, to) };
  };
  const idsOf = (clients: readonly HubClient[] | undefined): readonly string[] | undefined =>
    clients?.map(({ clientId }) => clientId);
  const asked = (): number => said.filter(({ notice }) => notice.type === 'ask').length;

  beforeEach(() => {
    [learnt, own, warned, lost, said] = [[], [], [], [], []];
    [missed, heard, ownHeard] = [[], [], []];
    const settings = { name: 'west', maxEntryBytes: MAX_BYTES, heartbeatTimeoutMs: 15_000 };
    protocol = new InstanceProtocol(settings, member, {
      say: (notice, to) => {
        noticeFields(notice, to, MAX_BYTES);
        said.push({ notice, to });
      },
      heardOwn: (sequence) => ownHeard.push(sequence),
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is a state in parts, which counts once all are here', () => {
    hear(1, { type: 'beat' });
    expect(asked()).toBe(1);
    hear(2, part(0, 2, { isFirst: true }));
    hear(3, part(2, 4));
    expect(learnt).toEqual([]);
    hear(4, part(4, 5, { isLast: true }));
    expect(learnt.map(idsOf)).toEqual([['0', '1', '2', '3', '4']]);
    expect(asked()).toBe(1);
  });

  it('is no state where a part in the middle was missed: it is asked for again', () => {
    hear(1, part(0, 2, { isFirst: true }));
    hear(3, part(4, 5, { isLast: true }));
    expect(learnt).toEqual([]);
    expect(asked()).toBe(1);
    hear(4, part(0, 5, { isFirst: true, isLast: true }));
    expect(learnt.map(idsOf)).toEqual([['0', '1', '2', '3', '4']]);
  });

  it('is asked for again where the last part of a state was missed', () => {
    hear(1, part(0, 2, { isFirst: true }));
    hear(3, { type: 'beat' });
    expect(asked()).toBe(1);
    hear(4, part(0, 5, { isFirst: true, isLast: true }));
    expect(learnt.map(idsOf)).toEqual([['0', '1', '2', '3', '4']]);
  });

  const saidStates = (): readonly (Notice & { readonly type: 'state' })[] =>
    said.flatMap(({ notice }) => (notice.type === 'state' ? [notice] : []));

  it('is a state in as many parts as it takes', () => {
    own = clientsFrom(0, 450, 'x'.repeat(1_000));
    hear(1, { type: 'ask' });
    const states = saidStates();
    expect(states.flatMap(({ clients }) => idsOf(clients))).toEqual(idsOf(own));
    expect(states.findIndex(({ isFirst }) => isFirst)).toBe(0);
    expect(states.findLastIndex(({ isFirst }) => isFirst)).toBe(0);
    expect(states.findIndex(({ isLast }) => isLast)).toBe(states.length - 1);
    expect(warned).toEqual([]);
  });

  it('is a state without those that no entry has room for, with a warning', () => {
    own = [
      ...clientsFrom(100, 101, 'x'.repeat(70_000)),
      ...clientsFrom(0, 3),
      ...clientsFrom(101, 102, 'x'.repeat(70_000)),
    ];
    hear(1, { type: 'ask' });
    const states = saidStates();
    expect(states.flatMap(({ clients }) => idsOf(clients))).toEqual(['0', '1', '2']);
    expect(states.map(({ isFirst }) => isFirst).indexOf(true)).toBe(0);
    expect(states.map(({ isLast }) => isLast).indexOf(true)).toBe(states.length - 1);
    expect(warned).toEqual([expect.stringMatching(/^Other instances don't hear of 100: .*maxEntryBytes/)]);
    own = [];
    hear(2, { type: 'ask' });
    expect(saidStates().at(-1)).toEqual({ type: 'state', isFirst: true, isLast: true, clients: [] });
  });

  it('is ignored where nobody can read it, with a warning', () => {
    protocol.take({ id: '7-0', fields: new Map() });
    expect(warned).toEqual([expect.stringMatching(/^An entry of the Redis stream \(7-0\) is ignored: /)]);
    expect(said).toEqual([]);
  });

  it('is nobody else’s business, but shows who is there', () => {
    hear(1, part(0, 2, { isFirst: true, isLast: true }), 'north');
    expect(learnt).toEqual([]);
    expect(warned).toEqual([]);
    expect(asked()).toBe(1);
  });

  it.each([
    ['said goodbye', () => hear(2, { type: 'bye' })],
    ['was silent for too long', () => protocol.judge(Infinity)],
  ])('is forgotten once of who %s; who speaks again is asked again', (_, leave) => {
    hear(1, { type: 'hello' });
    leave();
    protocol.judge(Infinity);
    expect(lost).toEqual(['east']);
    expect(asked()).toBe(0);
    hear(3, { type: 'beat' });
    expect(asked()).toBe(1);
  });

  const presence: HubNews = {
    type: 'presence',
    presence: { type: 'connected', clientId: 'c1', identity: 'ann' },
  };

  it('is presence only of those whose state is known, who are asked for it again with each beat', () => {
    hear(1, { type: 'beat' });
    hear(2, presence);
    expect(heard).toEqual([]);
    expect(asked()).toBe(1);
    hear(3, { type: 'beat' });
    expect(asked()).toBe(2);
    hear(4, part(0, 1, { isFirst: true, isLast: true }));
    hear(5, presence);
    expect(heard).toEqual([presence]);
    hear(6, { type: 'beat' });
    expect(asked()).toBe(2);
  });

  it('begins with a hello, which says that nobody is there yet, and is answered with who is here', () => {
    own = clientsFrom(0, 1);
    hear(1, { type: 'hello' });
    expect(learnt).toEqual([[]]);
    expect(said).toEqual([
      { notice: { type: 'state', isFirst: true, isLast: true, clients: own }, to: 'east' },
    ]);
    hear(2, presence);
    expect(heard).toEqual([presence]);
  });

  it('is over with a bye: who goes is not asked for anything', () => {
    hear(1, { type: 'bye' });
    expect(said).toEqual([]);
    expect(lost).toEqual(['east']);
  });

  it('is no state any more where who sent half of it went', () => {
    hear(1, part(0, 2, { isFirst: true }));
    hear(2, { type: 'bye' });
    hear(3, part(2, 4, { isLast: true }));
    expect(learnt).toEqual([]);
    expect(asked()).toBe(1);
  });

  it('is told at both ends where some of it was missed', () => {
    hear(1, { type: 'hello' });
    hear(4, { type: 'beat' });
    expect(missed).toEqual(['east']);
    expect(warned).toEqual([expect.stringMatching(/^2 entries of the Redis stream were gone/)]);
    expect(said.map(({ notice, to }) => [notice.type, to])).toEqual([
      ['state', 'east'],
      ['missed', 'east'],
      ['ask', 'east'],
    ]);
    hear(5, { type: 'missed' });
    expect(missed).toEqual(['east', 'east']);
  });

  it('is heard of oneself, too, as what the others can have read', () => {
    hear(3, { type: 'beat' }, 'north', 'west');
    expect(ownHeard).toEqual([3]);
    expect(said).toEqual([]);
  });

  it('is too much to remember of more than 1024: the clients of who was heard longest ago are gone', () => {
    for (let n = 0; n < 1_024; n += 1) hear(1, { type: 'hello' }, 'west', String(n));
    expect(lost).toEqual([]);
    hear(1, { type: 'hello' }, 'west', 'one more');
    expect(lost).toEqual(['0']);
  });

  it('may be silent as long again after a break', () => {
    jest.useFakeTimers();
    hear(1, { type: 'hello' });
    const heardAt = monotonicClock.now();
    jest.advanceTimersByTime(10_000);
    protocol.begin();
    protocol.judge(heardAt + 25_000);
    expect(lost).toEqual([]);
    protocol.judge(heardAt + 25_001);
    expect(lost).toEqual(['east']);
  });
});

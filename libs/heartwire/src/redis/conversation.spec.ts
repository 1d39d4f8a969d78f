import { beforeEach, describe, expect, it } from '@jest/globals';

import type { HubClient, HubMember } from '../options/hub-adapter.js';
import { Conversation } from './conversation.js';
import { type Notice, noticeFields } from './entry.js';

const clientsFrom = (from: number, to: number, identity?: unknown): readonly HubClient[] =>
  Array.from({ length: to - from }, (_, n) => ({ clientId: String(from + n), identity, rooms: [] }));

describe('what the instances say to each other', () => {
  let learnt: (readonly HubClient[])[];
  let own: readonly HubClient[];
  let warned: string[];
  let said: { readonly notice: Notice; readonly to: string | undefined }[];
  let conversation: Conversation;

  const member: HubMember = {
    logger: { log: () => undefined, warn: (message: string) => warned.push(message) },
    clients: () => own,
    hear: () => undefined,
    learn: (_, clients) => learnt.push(clients),
    miss: () => undefined,
    lose: () => undefined,
  };
  const hear = (sequence: number, notice: Notice): void => {
    const pairs = ['from', 'east', 'seq', String(sequence), ...noticeFields(notice, 'west', 65_536)];
    const fields = new Map<string, Buffer>();
    for (let at = 0; at < pairs.length; at += 2)
      fields.set(String(pairs[at]), Buffer.from(pairs[at + 1] ?? ''));
    conversation.take({ id: `${String(sequence)}-0`, fields });
  };
  const part = (from: number, to: number, is: { isFirst?: boolean; isLast?: boolean } = {}): Notice => {
    const { isFirst = false, isLast = false } = is;
    return { type: 'state', isFirst, isLast, clients: clientsFrom(from, to) };
  };
  const idsOf = (clients: readonly HubClient[] | undefined): readonly string[] | undefined =>
    clients?.map(({ clientId }) => clientId);
  const asked = (): number => said.filter(({ notice }) => notice.type === 'ask').length;

  beforeEach(() => {
    [learnt, own, warned, said] = [[], [], [], []];
    const settings = { name: 'west', maxEntryBytes: 65_536, heartbeatTimeoutMs: 15_000 };
    conversation = new Conversation(settings, member, {
      say: (notice, to) => said.push({ notice, to }),
      heardOwn: () => undefined,
    });
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
});

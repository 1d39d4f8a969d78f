import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Notice, noticeFields, readEntry, sizeOf } from './entry.js';

const who = { clientId: 'c1', identity: { id: 'ann' } };

/** As Redis gives it back. */
function entryOf(fields: readonly (string | Buffer)[]) {
  const all = new Map<string, Buffer>();
  for (let at = 0; at < fields.length; at += 2)
    all.set(String(fields[at]), Buffer.from(fields[at + 1] ?? ''));
  return { id: '1-0', fields: all };
}

const roundTrip = (notice: Notice, to?: string): Notice =>
  readEntry(entryOf(['from', 'east', 'seq', '7', ...noticeFields(notice, to, 10_000)]), 10_000).notice();

/** A notice, but for its data. */
const push = {
  type: 'push',
  targets: undefined,
  exceptions: [],
  pattern: 'p',
  metadata: undefined,
} as const;

describe('an entry of the stream', () => {
  it.each<Notice>([
    { type: 'hello' },
    { type: 'bye' },
    { type: 'missed' },
    { type: 'state', isFirst: true, isLast: false, clients: [{ ...who, rooms: ['lobby'] }] },
    {
      type: 'push',
      targets: ['a', { client: 'b' }, { room: 'c' }, { identity: 'd' }],
      exceptions: [],
      pattern: { cmd: 'x' },
      data: { n: [1, null] },
      metadata: { trace: 't' },
    },
    {
      type: 'push',
      targets: undefined,
      exceptions: ['a'],
      pattern: 'p',
      data: Buffer.from([0, 255]),
      metadata: undefined,
    },
    { type: 'presence', presence: { type: 'joined', ...who, room: 'lobby' } },
    { type: 'presence', presence: { type: 'disconnected', ...who, rooms: [] } },
    { type: 'move', clientId: 'c1', room: 'lobby', isIn: true },
    {
      type: 'call',
      callId: '1',
      clientId: 'c1',
      pattern: 'p',
      data: 1,
      metadata: undefined,
      timeoutMs: Infinity,
    },
    { type: 'answer', callId: '1', data: Buffer.from('bytes') },
    { type: 'answered', callId: '1', failure: { err: { reason: 'no' } } },
    { type: 'answered', callId: '1' },
    { type: 'cancel', callId: '1' },
  ])('comes back as it was written: %j', (notice) => {
    expect(roundTrip(notice)).toEqual(notice);
  });

  it('tells its sender, its sequence and whom it is for', () => {
    const fields = ['from', 'east', 'seq', '7', ...noticeFields({ type: 'ask' }, 'west', 1_000)];
    expect(readEntry(entryOf(fields), 1_000)).toMatchObject({ from: 'east', sequence: 7, to: 'west' });
  });

  it('leaves out an identity that JSON has no words for', () => {
    const identity: Record<string, unknown> = {};
    identity['self'] = identity;
    const presence = { type: 'connected', clientId: 'c1', identity } as const;
    expect(roundTrip({ type: 'presence', presence })).toEqual({
      type: 'presence',
      presence: { ...presence, identity: undefined },
    });
  });

  it('keeps the identities of all others beside one that JSON has no words for', () => {
    const clients = [who, { clientId: 'c2', identity: 1n }, { clientId: 'c3', identity: 'cid' }];
    const state = { type: 'state', isFirst: true, isLast: true } as const;
    const written = { ...state, clients: clients.map((client) => ({ ...client, rooms: ['lobby'] })) };
    const [first, second, third] = written.clients;
    expect(roundTrip(written)).toEqual({
      ...state,
      clients: [first, { ...second, identity: undefined }, third],
    });
  });

  it('is refused with a typed error when it can’t be written, or is too long', () => {
    expect(() => noticeFields({ ...push, data: 1n }, undefined, 1_000)).toThrow(
      expect.objectContaining({ code: 'UNSERIALIZABLE' }),
    );
    expect(() => noticeFields({ ...push, data: 'x'.repeat(1_000) }, undefined, 1_000)).toThrow(
      expect.objectContaining({ code: 'FRAME_TOO_LARGE' }),
    );
    expect(() => noticeFields({ ...push, data: Buffer.alloc(1_000) }, undefined, 1_000)).toThrow(
      expect.objectContaining({ code: 'FRAME_TOO_LARGE' }),
    );
  });

  it('is read as long as it may be written, and not much longer', () => {
    const from = ['from', 'x'.repeat(64), 'seq', '9007199254740991'];
    const room = 1_000 - sizeOf(noticeFields({ ...push, data: '' }, undefined, 1_000));
    const longest = noticeFields({ ...push, data: 'x'.repeat(room) }, undefined, 1_000);
    expect(readEntry(entryOf([...from, ...longest]), 1_000).notice()).toMatchObject({ type: 'push' });
    const longer = noticeFields({ ...push, data: 'x'.repeat(room + 300) }, undefined, 2_000);
    expect(() => readEntry(entryOf([...from, ...longer]), 1_000)).toThrow('bytes');
  });

  it.each([
    ['from', '', '1'],
    ['from', 'x'.repeat(65), '1'],
    ['seq', 'east', '0'],
    ['seq', 'east', '1.5'],
    ['seq', 'east', '9007199254740992'],
  ])('is refused where %s is wrong: "%s", %s', (name, from, sequence) => {
    const fields = ['from', from, 'seq', sequence, ...noticeFields({ type: 'beat' }, undefined, 1_000)];
    expect(() => readEntry(entryOf(fields), 1_000)).toThrow(name);
  });

  it('is read, or refused with an Error, whatever it holds', () => {
    const types = ['push', 'presence', 'state', 'move', 'call', 'answer', 'answered', 'cancel', 'none'];
    const notice = fc.record({
      type: fc.constantFrom(...types),
      targets: fc.jsonValue(),
      exceptions: fc.jsonValue(),
      presence: fc.oneof(fc.jsonValue(), fc.record({ type: fc.string(), clientId: fc.jsonValue() })),
      clients: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ clientId: fc.string(), rooms: fc.jsonValue() })),
      ),
      metadata: fc.jsonValue(),
      callId: fc.jsonValue(),
      clientId: fc.jsonValue(),
      timeoutMs: fc.jsonValue(),
      failure: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.oneof(notice, fc.jsonValue(), fc.string()), (value) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        try {
          const read = readEntry(entryOf(['from', 'x', 'seq', '1', 'notice', text]), 100_000).notice();
          expect(typeof read.type).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

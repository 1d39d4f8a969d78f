import { beforeEach, describe, expect, it } from '@jest/globals';

import { ConversationLog, type SaidLine } from './conversation-log.js';

const said = (id: string, minute: number, draftId?: string): SaidLine => ({
  type: 'said',
  id,
  author: 'ada',
  text: `text of ${id}`,
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  draftId,
});

describe('what a conversation shows', () => {
  let log: ConversationLog;
  const shown = (): readonly string[] => log.lines.map(({ type, id }) => `${type} ${id}`);

  beforeEach(() => {
    log = new ConversationLog();
  });

  it('is each message once, however often it comes', () => {
    expect([log.add(said('m1', 1)), log.add(said('m2', 2)), log.add(said('m1', 1))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(shown()).toEqual(['said m1', 'said m2']);
  });

  it('is in the order of time, though a gap is filled late', () => {
    for (const line of [said('m1', 1), said('m4', 4), said('m2', 2), said('m3', 3)]) log.add(line);
    expect(shown()).toEqual(['said m1', 'said m2', 'said m3', 'said m4']);
  });

  it('keeps what came at the same time as it came', () => {
    for (const line of [said('b', 1), said('a', 1), said('c', 1)]) log.add(line);
    expect(shown()).toEqual(['said b', 'said a', 'said c']);
  });

  it('ends with what waits to be sent, until it is said', () => {
    log.expect('d1', 'one');
    log.expect('d2', 'two');
    log.add(said('m1', 1));
    expect(shown()).toEqual(['said m1', 'draft d1', 'draft d2']);
    expect(log.waiting).toBe(2);
    log.add(said('m2', 2, 'd1'));
    expect(shown()).toEqual(['said m1', 'said m2', 'draft d2']);
    // Its confirmation may come after its push.
    log.add(said('m2', 2, 'd1'));
    expect(shown()).toEqual(['said m1', 'said m2', 'draft d2']);
    log.drop('d2');
    expect(log.waiting).toBe(0);
  });

  it('is no more than a room keeps', () => {
    for (let n = 1; n <= 510; n += 1) log.add(said(`m${String(n)}`, n));
    expect(log.lines).toHaveLength(500);
    expect(log.lines[0]?.id).toBe('m11');
  });
});

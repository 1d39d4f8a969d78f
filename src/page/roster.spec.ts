import { beforeEach, describe, expect, it } from '@jest/globals';

import { deferred } from '../../test/support/deferred.js';
import { type Lists, Roster } from './roster.js';

describe('who is there', () => {
  let roster: Roster;

  beforeEach(async () => {
    roster = new Roster();
    const lists: Lists = { online: ['bob', 'ada'], rooms: [['tea', ['ada', 'bob']]] };
    await roster.refresh(() => Promise.resolve(lists));
  });

  it('is in order, and follows what is told', () => {
    expect(roster.online).toEqual(['ada', 'bob']);
    roster.apply({ type: 'online', nick: 'anna' });
    roster.apply({ type: 'joined', nick: 'anna', room: 'tea' });
    roster.apply({ type: 'left', nick: 'ada', room: 'tea' });
    expect(roster.online).toEqual(['ada', 'anna', 'bob']);
    expect(roster.members('tea')).toEqual(['anna', 'bob']);
  });

  it('is called otherwise everywhere after a change of name', () => {
    roster.apply({ type: 'nick', nick: 'robert', before: 'bob' });
    expect([roster.online, roster.members('tea')]).toEqual([
      ['ada', 'robert'],
      ['ada', 'robert'],
    ]);
  });

  it('is nowhere when gone', () => {
    roster.apply({ type: 'offline', nick: 'bob' });
    expect([roster.online, roster.members('tea')]).toEqual([['ada'], ['ada']]);
    expect(roster.members('nowhere')).toEqual([]);
  });

  it('counts what is told while lists are asked for, though they are older', async () => {
    const lists = deferred<Lists>();
    const refreshed = roster.refresh(() => lists.promise);
    roster.apply({ type: 'offline', nick: 'bob' });
    roster.apply({ type: 'online', nick: 'cid' });
    lists.resolve({ online: ['ada', 'bob'], rooms: [] });
    await refreshed;
    expect(roster.online).toEqual(['ada', 'cid']);
  });

  it('stays as it was when nobody answers', async () => {
    await expect(roster.refresh(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(roster.online).toEqual(['ada', 'bob']);
  });
});

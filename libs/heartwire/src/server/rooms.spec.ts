import { describe, expect, it } from '@jest/globals';

import { Rooms } from './rooms.js';

describe('rooms', () => {
  it('know who is in them, and in which ones somebody is', () => {
    const rooms = new Rooms();
    rooms.join('ann', 'lobby');
    rooms.join('bob', 'lobby');
    rooms.join('ann', 'kitchen');
    expect([...rooms.members('lobby')]).toEqual(['ann', 'bob']);
    expect([...rooms.of('ann')]).toEqual(['lobby', 'kitchen']);
    expect(rooms.names).toEqual(['lobby', 'kitchen']);
  });

  it('say whether something has changed', () => {
    const rooms = new Rooms();
    expect(rooms.join('ann', 'lobby')).toBe(true);
    expect(rooms.join('ann', 'lobby')).toBe(false);
    expect(rooms.leave('bob', 'lobby')).toBe(false);
    expect(rooms.leave('ann', 'lobby')).toBe(true);
    expect(rooms.leave('ann', 'lobby')).toBe(false);
  });

  it('are gone once nobody is in them', () => {
    const rooms = new Rooms();
    rooms.join('ann', 'lobby');
    rooms.join('ann', 'kitchen');
    rooms.join('bob', 'kitchen');
    expect(rooms.leaveAll('ann')).toEqual(['lobby', 'kitchen']);
    expect(rooms.names).toEqual(['kitchen']);
    expect([...rooms.of('ann')]).toEqual([]);
    expect([...rooms.members('lobby')]).toEqual([]);
  });

  it('hold the same in both maps, whatever happens in whatever order', () => {
    const rooms = new Rooms();
    const ids = ['a', 'b', 'c'];
    const names = ['x', 'y', 'z'];
    let seed = 7;
    const pick = <T>(from: readonly T[]): T => {
      seed = (seed * 16_807) % 2_147_483_647;
      return from[seed % from.length] as T;
    };
    for (let step = 0; step < 500; step += 1) {
      const act = pick(['join', 'join', 'leave', 'leaveAll']);
      if (act === 'leaveAll') rooms.leaveAll(pick(ids));
      else rooms[act as 'join' | 'leave'](pick(ids), pick(names));
      const byRoom = names.flatMap((room) => [...rooms.members(room)].map((id) => `${id} ${room}`));
      const byId = ids.flatMap((id) => [...rooms.of(id)].map((room) => `${id} ${room}`));
      expect(byId.sort()).toEqual(byRoom.sort());
      expect([...rooms.names].sort()).toEqual(names.filter((room) => rooms.members(room).size > 0));
    }
  });
});

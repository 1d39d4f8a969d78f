import { describe, expect, it } from '@jest/globals';

import { RemoteClients } from './remote-clients.js';

const who = (clientId: string) => ({ clientId, identity: undefined });

describe('what is known of the clients of other instances', () => {
  it('follows what happens to those that are known, where they are', () => {
    const clients = new RemoteClients();
    expect(clients.follow('east', { type: 'joined', ...who('ann'), room: 'lobby' })).toEqual([]);
    expect(clients.follow('east', { type: 'connected', ...who('ann') })).toHaveLength(1);
    expect(clients.follow('east', { type: 'joined', ...who('ann'), room: 'lobby' })).toHaveLength(1);
    expect(clients.follow('east', { type: 'connected', ...who('ann') })).toEqual([]);
    expect(clients.follow('west', { type: 'left', ...who('ann'), room: 'lobby' })).toEqual([]);
    expect(clients.follow('west', { type: 'disconnected', ...who('ann'), rooms: [] })).toEqual([]);
    expect([...clients.rooms.members('lobby')]).toEqual(['ann']);
    expect(clients.instanceOf('ann')).toBe('east');
  });

  it('tells the difference when it learns all of an instance anew', () => {
    const clients = new RemoteClients();
    clients.learn('east', [
      { ...who('ann'), rooms: ['lobby', 'attic'] },
      { ...who('bob'), rooms: ['lobby'] },
    ]);
    clients.learn('west', [{ ...who('eve'), rooms: ['lobby'] }]);
    const told = clients.learn('east', [
      { ...who('ann'), rooms: ['lobby', 'kitchen'] },
      { ...who('cid'), rooms: [] },
    ]);
    expect(told).toEqual([
      { type: 'disconnected', ...who('bob'), rooms: ['lobby'] },
      { type: 'left', ...who('ann'), room: 'attic' },
      { type: 'joined', ...who('ann'), room: 'kitchen' },
      { type: 'connected', ...who('cid') },
    ]);
    expect([...clients.ids]).toEqual(['ann', 'eve', 'cid']);
    expect(clients.lose('east').map(({ type }) => type)).toEqual(['disconnected', 'disconnected']);
    expect(clients.rooms.names).toEqual(['lobby']);
  });
});

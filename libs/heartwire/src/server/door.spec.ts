import { beforeEach, describe, expect, it } from '@jest/globals';

import { Door, type DoorLimits } from './door.js';

describe('the door', () => {
  let now: number;
  let warnings: string[];

  beforeEach(() => {
    now = 0;
    warnings = [];
  });

  const doorOf = (limits: Partial<DoorLimits>): Door =>
    new Door(
      { connections: Infinity, connectionsPerAddress: Infinity, ...limits },
      { now: () => now },
      (warning) => warnings.push(warning),
    );

  it('lets in as many as may be there in all, and one more for each that leaves', () => {
    const door = doorOf({ connections: 2 });
    expect([door.enter('a'), door.enter(undefined), door.enter('b')]).toEqual([true, true, false]);
    door.leave(undefined);
    expect([door.enter('b'), door.enter('b')]).toEqual([true, false]);
  });

  it('counts each address for itself, and Unix sockets not at all', () => {
    const door = doorOf({ connectionsPerAddress: 1 });
    expect([door.enter('192.0.2.1'), door.enter('192.0.2.1'), door.enter('192.0.2.2')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([door.enter(undefined), door.enter(undefined)]).toEqual([true, true]);
    door.leave('192.0.2.1');
    expect([door.enter('192.0.2.1'), door.enter('192.0.2.2')]).toEqual([true, false]);
  });

  it('takes the addresses of one IPv6 network for one', () => {
    const door = doorOf({ connectionsPerAddress: 1 });
    expect([door.enter('2001:db8::1'), door.enter('2001:db8::2'), door.enter('2001:db8:0:1::1')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('tells of those whom it turns away, at most once a minute', () => {
    const door = doorOf({ connections: 2, connectionsPerAddress: 1 });
    door.enter('192.0.2.1');
    for (let count = 0; count < 1_000; count++) door.enter('192.0.2.1');
    const line = 'Turning away 192.0.2.1, and who else comes: limits.connectionsPerAddress is 1';
    expect(warnings).toEqual([line]);
    now = 60_000;
    door.enter('192.0.2.2');
    door.enter('192.0.2.3');
    expect(warnings).toEqual([line, 'Turning away 192.0.2.3, and who else comes: limits.connections is 2']);
  });
});

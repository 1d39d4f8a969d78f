import { beforeEach, describe, expect, it } from '@jest/globals';

import { ConnectionLimiter, type ConnectionLimiterLimits } from './connection-limiter.js';

describe('the connection limiter', () => {
  let now: number;
  let warnings: string[];

  beforeEach(() => {
    now = 0;
    warnings = [];
  });

  const limiterOf = (limits: Partial<ConnectionLimiterLimits>): ConnectionLimiter =>
    new ConnectionLimiter(
      { connections: Infinity, connectionsPerAddress: Infinity, ...limits },
      { now: () => now },
      (warning) => warnings.push(warning),
    );

  it('lets in as many as may be there in all, and one more for each that leaves', () => {
    const limiter = limiterOf({ connections: 2 });
    expect([limiter.enter('a'), limiter.enter(undefined), limiter.enter('b')]).toEqual([true, true, false]);
    limiter.leave(undefined);
    expect([limiter.enter('b'), limiter.enter('b')]).toEqual([true, false]);
  });

  it('counts each address for itself, and Unix sockets not at all', () => {
    const limiter = limiterOf({ connectionsPerAddress: 1 });
    expect([limiter.enter('192.0.2.1'), limiter.enter('192.0.2.1'), limiter.enter('192.0.2.2')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([limiter.enter(undefined), limiter.enter(undefined)]).toEqual([true, true]);
    limiter.leave('192.0.2.1');
    expect([limiter.enter('192.0.2.1'), limiter.enter('192.0.2.2')]).toEqual([true, false]);
  });

  it('takes the addresses of one IPv6 network for one', () => {
    const limiter = limiterOf({ connectionsPerAddress: 1 });
    expect([
      limiter.enter('2001:db8::1'),
      limiter.enter('2001:db8::2'),
      limiter.enter('2001:db8:0:1::1'),
    ]).toEqual([true, false, true]);
  });

  it('tells of those whom it turns away, at most once a minute', () => {
    const limiter = limiterOf({ connections: 2, connectionsPerAddress: 1 });
    limiter.enter('192.0.2.1');
    for (let count = 0; count < 1_000; count++) limiter.enter('192.0.2.1');
    const line = 'Turning away 192.0.2.1, and who else comes: limits.connectionsPerAddress is 1';
    expect(warnings).toEqual([line]);
    now = 60_000;
    limiter.enter('192.0.2.2');
    limiter.enter('192.0.2.3');
    expect(warnings).toEqual([line, 'Turning away 192.0.2.3, and who else comes: limits.connections is 2']);
  });
});

import { describe, expect, it } from '@jest/globals';

import type { EndpointSnapshot } from '../client/endpoint-snapshot.js';
import type { LivenessState } from '../timing/liveness-state.js';
import { HeartwireHealthIndicator } from './heartwire.health-indicator.js';

const endpoint = (name: string, state?: LivenessState, roundTripMs?: number): EndpointSnapshot => ({
  endpoint: name,
  isConnected: state !== undefined,
  isIdle: false,
  seenByServer: undefined,
  callsUnderWay: 0,
  liveness: {
    state: state ?? 'dead',
    ...(roundTripMs !== undefined && { roundTripMs }),
    missed: 0,
    phi: 0,
    intervalMs: 5_000,
    timeoutMs: 10_000,
    silentForMs: 0,
    heartbeats: 0,
    lastHeardAt: 0,
  },
});

const check = (...endpoints: readonly EndpointSnapshot[]): unknown =>
  new HeartwireHealthIndicator().check('orders', { endpoints });

describe('the health of a client', () => {
  it('is up when every server answers, and tells the round trips', () => {
    expect(check(endpoint('a', 'alive', 1.5), endpoint('b', 'alive'))).toEqual({
      orders: {
        status: 'up',
        endpoints: [
          { endpoint: 'a', state: 'alive', roundTripMs: 1.5 },
          { endpoint: 'b', state: 'alive' },
        ],
      },
    });
  });

  it('is up while nobody uses it, and its server has closed the connection for that', () => {
    expect(check({ ...endpoint('a'), isIdle: true }, endpoint('b', 'alive'))).toEqual({
      orders: {
        status: 'up',
        endpoints: [
          { endpoint: 'a', state: 'idle' },
          { endpoint: 'b', state: 'alive' },
        ],
      },
    });
  });

  it.each([
    ['a server is suspect', [endpoint('a', 'suspect', 2)]],
    ['one of several is suspect', [endpoint('a', 'alive'), endpoint('b', 'suspect')]],
    ['one of several is not connected', [endpoint('a', 'alive'), endpoint('b')]],
  ])('is degraded when %s', (_, endpoints) => {
    expect(check(...endpoints)).toMatchObject({ orders: { status: 'degraded' } });
  });

  it.each([
    ['none is connected', [endpoint('a'), endpoint('b')]],
    ['it has not begun to connect, or is closed', []],
  ])('is down when %s', (_, endpoints) => {
    expect(check(...endpoints)).toMatchObject({ orders: { status: 'down' } });
  });

  it('says nothing of a link that is gone', () => {
    expect(check(endpoint('a', undefined, 3))).toEqual({
      orders: { status: 'down', endpoints: [{ endpoint: 'a', state: 'down' }] },
    });
  });
});

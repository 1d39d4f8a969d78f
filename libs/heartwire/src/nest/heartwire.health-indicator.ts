import { Injectable } from '@nestjs/common';

import type { EndpointSnapshot } from '../client/endpoint-snapshot.js';
import type { HeartwireClient } from '../client/heartwire.client.js';
import type { AdapterStatus } from '../options/hub-adapter.js';
import type { HeartwireHub } from '../server/hub.js';
import type { LivenessState } from '../timing/liveness-state.js';

/** How one server is reached. */
export interface EndpointHealth {
  /** Its url, with the address that its name was found to have. */
  readonly endpoint: string;
  /** `down`: it isn't connected. `idle`: nor need it be, until the next call. */
  readonly state: LivenessState | 'down' | 'idle';
  /** Of the last answered ping, in ms; missing until there was one. */
  readonly roundTripMs?: number;
}

/** How a client reaches its servers. */
export interface ClientHealth {
  /**
   * - `up`: every server that the client wants to be connected to answers, or has closed the connection as nobody used it.
   * - `degraded`: calls can be sent, but a server is not connected, or has been silent for too long.
   * - `down`: no server is connected.
   */
  readonly status: 'up' | 'degraded' | 'down';
  readonly endpoints: readonly EndpointHealth[];
}

/** How a hub reaches the other instances. */
export interface HubHealth {
  /** `degraded`: the clients of other instances are not reached now. */
  readonly status: AdapterStatus;
}

/**
 * Tells @nestjs/terminus (12.1 or newer, which knows `degraded`) how a client is. It looks at the
 * live sessions, so it opens no socket and sends nothing. It needs nothing of terminus, which
 * therefore needn't be installed.
 *
 * @example
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.heartwire.check('orders', this.orders)]);
 * }
 */
@Injectable()
export class HeartwireHealthIndicator {
  /** @param key what the client is called in the answer */
  check<Key extends string>(
    key: Key,
    { endpoints }: Pick<HeartwireClient, 'endpoints'>,
  ): Record<Key, ClientHealth> {
    return { [key]: healthOf(endpoints.map(endpointHealth)) } as Record<Key, ClientHealth>;
  }

  /**
   * How a server's hub reaches the other instances.
   *
   * @param key what the hub is called in the answer
   */
  checkHub<Key extends string>(
    key: Key,
    { adapterStatus }: Pick<HeartwireHub, 'adapterStatus'>,
  ): Record<Key, HubHealth> {
    return { [key]: { status: adapterStatus } } as Record<Key, HubHealth>;
  }
}

function healthOf(endpoints: readonly EndpointHealth[]): ClientHealth {
  if (endpoints.every(({ state }) => state === 'down')) return { status: 'down', endpoints };
  const isUp = endpoints.every(({ state }) => state === 'alive' || state === 'idle');
  return { status: isUp ? 'up' : 'degraded', endpoints };
}

function endpointHealth({ endpoint, isConnected, isIdle, liveness }: EndpointSnapshot): EndpointHealth {
  if (isIdle) return { endpoint, state: 'idle' };
  if (!isConnected) return { endpoint, state: 'down' };
  const { state = 'alive', roundTripMs } = liveness ?? {};
  return { endpoint, state, ...(roundTripMs !== undefined && { roundTripMs }) };
}

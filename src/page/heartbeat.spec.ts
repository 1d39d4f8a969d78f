import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionStatus, Liveness } from 'heartwire/browser';
import { BehaviorSubject, NEVER, Subject, type Subscription } from 'rxjs';

import type { Client } from './connection.js';
import { type Heartbeat, heartbeat$ } from './heartbeat.js';

const client = () => ({
  status$: new BehaviorSubject<ConnectionStatus>('connecting'),
  liveness$: new Subject<Liveness>(),
  send: () => NEVER as never,
  on$: () => NEVER,
  close: () => Promise.resolve(),
});

const lively = (state: Liveness['state'], missed: number, roundTripMs?: number): Liveness => ({
  state,
  missed,
  silentForMs: 0,
  phi: 0,
  intervalMs: 1_000,
  timeoutMs: 3_000,
  heartbeats: 1,
  lastHeardAt: 0,
  ...(roundTripMs !== undefined && { roundTripMs }),
});

describe('the heartbeat strip', () => {
  const client$ = new BehaviorSubject<Client | undefined>(undefined);
  let one: ReturnType<typeof client>;
  let shown: Heartbeat | undefined;
  let watching: Subscription;

  beforeEach(() => {
    one = client();
    watching = heartbeat$(client$).subscribe((heartbeat) => {
      shown = heartbeat;
    });
    client$.next(one);
  });

  afterEach(() => {
    watching.unsubscribe();
    client$.next(undefined);
  });

  it('shows how the connection is', () => {
    expect(shown?.state).toBe('offline');
    one.status$.next('connected');
    expect(shown?.state).toBe('alive');
    one.liveness$.next(lively('suspect', 1));
    expect(shown?.state).toBe('suspect');
    one.status$.next('reconnecting');
    expect(shown?.state).toBe('reconnecting');
  });

  it('has a line of round trips, with a gap where there was none', () => {
    one.status$.next('connected');
    for (const each of [
      lively('alive', 0),
      lively('alive', 0, 4),
      lively('alive', 0, 6),
      lively('suspect', 1, 6),
    ])
      one.liveness$.next(each);
    one.status$.next('reconnecting');
    one.status$.next('connected');
    one.liveness$.next(lively('alive', 0, 5));
    expect(shown).toMatchObject({ roundTripMs: 5, samples: [4, 6, undefined, 5] });
  });

  it('keeps the last minute of it', () => {
    one.status$.next('connected');
    for (let n = 1; n <= 70; n += 1) one.liveness$.next(lively('alive', 0, n));
    expect(shown?.samples).toHaveLength(60);
    expect(shown?.samples[0]).toBe(11);
  });

  it('counts missed beats over all connections', () => {
    one.status$.next('connected');
    for (const missed of [1, 2, 0, 1])
      one.liveness$.next(lively(missed > 0 ? 'suspect' : 'alive', missed, 3));
    expect(shown?.missed).toBe(3);
  });

  it('counts how often the connection came back by itself, and not by hand', () => {
    one.status$.next('connected');
    expect(shown?.reconnects).toBe(0);
    one.status$.next('reconnecting');
    one.status$.next('connected');
    expect(shown?.reconnects).toBe(1);
    client$.next(undefined);
    expect(shown?.state).toBe('disconnected');
    const two = client();
    client$.next(two);
    two.status$.next('connected');
    expect(shown).toMatchObject({ state: 'alive', reconnects: 1 });
  });
});

import type { Liveness } from 'heartwire/browser';
import { map, merge, type Observable, of, scan, shareReplay, switchMap } from 'rxjs';

import { type LineState, lineState$ } from '../user/line-state.js';
import type { Client } from './connection.js';

/** What the strip shows. */
export interface Heartbeat {
  /** `disconnected` by hand; all others as in a terminal. */
  readonly state: LineState | 'disconnected';
  /** In ms. */
  readonly roundTripMs: number | undefined;
  /** The last round trips in ms; `undefined` where a beat was missed or the connection was away. */
  readonly samples: readonly (number | undefined)[];
  /** Beats without an answer, so far. */
  readonly missed: number;
  /** How often the connection came back by itself. */
  readonly reconnects: number;
}

/** How many round trips are kept. */
export const SAMPLES = 60;

const BEGINNING: Heartbeat = {
  state: 'disconnected',
  roundTripMs: undefined,
  samples: [],
  missed: 0,
  reconnects: 0,
};

/** One thing that happened, as what it makes of the strip. */
type Change = (before: Heartbeat) => Heartbeat;

/** How the connections of a page were and are. */
export function heartbeat$(client$: Observable<Client | undefined>): Observable<Heartbeat> {
  return client$.pipe(
    switchMap((client) => (client === undefined ? of(disconnected) : changes$(client))),
    scan((before, change) => change(before), BEGINNING),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
}

const disconnected: Change = (before) => ({ ...withGap(before), state: 'disconnected' });

function changes$({ status$, liveness$ }: Client): Observable<Change> {
  let connections = 0;
  return merge(
    lineState$(status$, liveness$).pipe(map((state): Change => (before) => ({ ...before, state }))),
    status$.pipe(
      map((status): Change => {
        if (status !== 'connected') return withGap;
        connections += 1;
        const isBack = connections > 1;
        return (before) => (isBack ? { ...before, reconnects: before.reconnects + 1 } : before);
      }),
    ),
    livenessChanges$(liveness$),
  );
}

function livenessChanges$(liveness$: Observable<Liveness>): Observable<Change> {
  let missed = 0;
  return liveness$.pipe(
    map((liveness): Change => {
      const more = Math.max(0, liveness.missed - missed);
      missed = liveness.missed;
      const { roundTripMs } = liveness;
      if (more > 0) return (before) => ({ ...withGap(before), missed: before.missed + more });
      if (roundTripMs === undefined) return (before) => before;
      return (before) => withSample({ ...before, roundTripMs }, roundTripMs);
    }),
  );
}

function withGap(before: Heartbeat): Heartbeat {
  return before.samples.at(-1) === undefined ? before : withSample(before, undefined);
}

function withSample(before: Heartbeat, sample: number | undefined): Heartbeat {
  return { ...before, samples: [...before.samples, sample].slice(-SAMPLES) };
}

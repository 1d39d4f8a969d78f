import type { Observable } from 'rxjs';

import { byId } from './element.js';
import { type Heartbeat, SAMPLES } from './heartbeat.js';
import { roundTripPath } from './round-trip-path.js';

const AREA = { width: 240, height: 32, samples: SAMPLES };

/** Shows how the connection is. */
export function showHeartbeat(heartbeat$: Observable<Heartbeat>): void {
  const strip = byId('heartbeat', HTMLElement);
  const state = byId('line-state', HTMLElement);
  const roundTrip = byId('round-trip', HTMLElement);
  const path = byId('round-trip-path', SVGPathElement);
  const missed = byId('missed', HTMLElement);
  const reconnects = byId('reconnects', HTMLElement);
  heartbeat$.subscribe((heartbeat) => {
    strip.dataset['state'] = heartbeat.state;
    // A live region: said only when it is another.
    if (state.textContent !== heartbeat.state) state.textContent = heartbeat.state;
    const { roundTripMs } = heartbeat;
    roundTrip.textContent = roundTripMs === undefined ? '–' : `${roundTripMs.toFixed(1)} ms`;
    path.setAttribute('d', roundTripPath(heartbeat.samples, AREA));
    missed.textContent = String(heartbeat.missed);
    reconnects.textContent = String(heartbeat.reconnects);
  });
}

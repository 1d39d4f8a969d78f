import type { Socket } from 'node:net';

import { HeartwireClient, type Liveness } from 'heartwire';
import { filter } from 'rxjs';

import type { Caller } from './contestants.js';

/** The states that a client's own watch on its connection tells from now on, those that count; none where it has no watch. */
export function verdictsOf(
  client: Caller,
  counts: (liveness: Liveness) => boolean = () => true,
): readonly string[] {
  const verdicts: string[] = [];
  if (client instanceof HeartwireClient)
    client.liveness$.pipe(filter(counts)).subscribe(({ state }) => verdicts.push(state));
  return verdicts;
}

/** Whether the client still has this very connection. */
export function isStill(client: Caller, socket: Socket): boolean {
  return client.unwrap() === socket && !socket.destroyed;
}

import type { Socket } from 'node:net';

import { HeartwireClient } from 'heartwire';

import type { Caller } from './contestants.js';

/** The states that a client's own watch on its connection tells from now on; none where it has no watch. */
export function verdictsOf(client: Caller): readonly string[] {
  const verdicts: string[] = [];
  if (client instanceof HeartwireClient) client.liveness$.subscribe(({ state }) => verdicts.push(state));
  return verdicts;
}

/** Whether the client still has this very connection. */
export function isStill(client: Caller, socket: Socket): boolean {
  return client.unwrap() === socket && !socket.destroyed;
}

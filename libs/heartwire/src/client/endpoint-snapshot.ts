import type { ConnectionFacts, StatusResponseMessage } from '../protocol/messages.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Connection } from './connection.js';

/** How the connection to one server is. */
export interface EndpointLiveness extends Liveness {
  /** Which server: its url, with the address that its name was found to have. */
  readonly endpoint: string;
}

/** What a client knows of one server, at one moment. */
export interface EndpointSnapshot {
  /** Its url, with the address that its name was found to have. */
  readonly endpoint: string;
  /** Whether calls can be sent to it now. */
  readonly isConnected: boolean;
  /** Whether its server has closed the connection, as nobody used it: the next call opens it again. */
  readonly isIdle: boolean;
  /** How its link is, or was at last. Missing until there was one. */
  readonly liveness: Liveness | undefined;
  /** Calls that wait for their turn there or for their answers. */
  readonly callsUnderWay: number;
  /** How the server saw this connection when it last said so. Missing unless it does, by its `statusIntervalMs`. */
  readonly seenByServer: ConnectionFacts | undefined;
}

/** One connection, as its client shows it. */
export function snapshotOf({
  endpoint,
  phase,
  liveness,
  callsUnderWay,
  seenThere,
}: Connection): EndpointSnapshot {
  return {
    endpoint,
    isConnected: phase === 'ready',
    isIdle: phase === 'resting',
    liveness,
    callsUnderWay,
    seenByServer: seenThere && factsOf(seenThere),
  };
}

function factsOf({ kind: _, ...facts }: StatusResponseMessage): ConnectionFacts {
  return facts;
}

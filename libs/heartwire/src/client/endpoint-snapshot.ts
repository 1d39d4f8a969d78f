import type { Liveness } from '../timing/liveness-state.js';

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
  /** How its link is, or was at last. Missing until there was one. */
  readonly liveness: Liveness | undefined;
  /** Calls that wait for their turn there or for their answers. */
  readonly callsUnderWay: number;
}

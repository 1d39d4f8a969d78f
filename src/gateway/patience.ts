import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** How long the sender of a body may be silent, in ms. */
const MAX_SILENCE_MS = 120_000;

/**
 * A large file over a slow line takes as long as it takes, where Node would give any request 5 minutes. Who has begun
 * a body and sends nothing more for so long is given up instead.
 *
 * @returns what Express is to do with each request
 */
export function patientWith(
  server: Server,
  maxSilenceMs = MAX_SILENCE_MS,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  server.requestTimeout = 0;
  return (request, _, next) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    // Nobody listens for the time-out: the socket is destroyed.
    if (length !== '0' || coding !== undefined) request.setTimeout(maxSilenceMs);
    next();
  };
}

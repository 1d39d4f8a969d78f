import type { Observable } from 'rxjs';

import { wireRefusal } from '../errors/wire-error.js';
import { failureText, responseText } from '../protocol/message-text.js';
import type { CallId, EventMessage, RequestMessage } from '../protocol/messages.js';
import { PushListeners } from '../session/push-listeners.js';
import type { Served, ServedHost } from '../session/served.js';

/** What the server pushes, and who is told: every listener, at once. Calls find no handler in a page. */
export class Pushes {
  private readonly listeners = new PushListeners();

  on$(pattern: unknown): Observable<unknown> {
    return this.listeners.on$(routeOf(pattern));
  }

  /** Nothing runs on here, so there is nothing to count, to bound or to stop. */
  readonly serve = (host: ServedHost): Served => ({
    count: 0,
    isIdle: true,
    waitingBytes: 0,
    request: (message, id) => {
      host.sendAnswer(this.tell(message) ? responseText(id, undefined, true) : noHandler(id));
    },
    event: (message) => {
      this.tell(message);
    },
    chunk: nothing,
    chunkEnd: nothing,
    credit: nothing,
    cancel: nothing,
    refuseNew: nothing,
    cancelAll: nothing,
    failAll: nothing,
  });

  /** Returns whether anybody was told. */
  private tell({ kind, pattern, data }: RequestMessage | EventMessage): boolean {
    const listeners = kind === 'event' ? this.listeners.to(routeOf(pattern)) : undefined;
    listeners?.next(data);
    return listeners !== undefined;
  }
}

function nothing(): void {
  // See `serve`.
}

function noHandler(id: CallId): string {
  return failureText(id, JSON.stringify(wireRefusal('NO_HANDLER', 'nothing in this page handles the call')));
}

/** A text for a pattern: whatever the order of its members, the same. */
function routeOf(pattern: unknown): string {
  if (typeof pattern !== 'object' || pattern === null) return String(pattern);
  const members = Object.keys(pattern)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${routeOf((pattern as Record<string, unknown>)[key])}`);
  return `{${members.join(',')}}`;
}

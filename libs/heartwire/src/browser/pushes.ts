import { Observable, Subject } from 'rxjs';

import { wireRefusal } from '../errors/wire-error.js';
import { failureText, responseText } from '../protocol/message-text.js';
import type { CallId, EventMessage, RequestMessage } from '../protocol/messages.js';
import type { Served, ServedHost } from '../session/served.js';

/** What the server pushes, and who is told: every listener, at once. Calls find no handler in a page. */
export class Pushes {
  private readonly listeners = new Map<string, Subject<unknown>>();

  on$(pattern: unknown): Observable<unknown> {
    const route = routeOf(pattern);
    return new Observable((subscriber) => {
      const subject = this.listeners.get(route) ?? new Subject<unknown>();
      this.listeners.set(route, subject);
      subject.subscribe(subscriber);
      // Runs after that subscription's own teardown.
      return () => {
        if (!subject.observed) this.listeners.delete(route);
      };
    });
  }

  /** Nothing runs on here, so there is nothing to count, to bound or to stop. */
  readonly serve = (host: ServedHost): Served => ({
    count: 0,
    isIdle: true,
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
    cancelCalls: nothing,
    cancelAll: nothing,
    failAll: nothing,
  });

  /** Returns whether anybody was told. */
  private tell({ kind, pattern, data }: RequestMessage | EventMessage): boolean {
    const subject = kind === 'event' ? this.listeners.get(routeOf(pattern)) : undefined;
    subject?.next(data);
    return subject !== undefined;
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

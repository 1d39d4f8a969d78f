import type { Observable } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { inOwnContext, Outside } from '../link/own-context.js';
import { patternText } from '../session/call-body.js';
import { isLargePattern } from '../session/large-pattern.js';
import { PushListeners } from '../session/push-listeners.js';
import { refuseCall } from '../session/refuse-call.js';
import { runAll } from '../session/run-all.js';
import { type Handler, runHandler } from '../session/run-handler.js';
import type { ServedCall } from '../session/served-call.js';
import type { ConnectionSettings } from './connection-settings.js';
import { HeartwirePushContext } from './push-context.js';

/**
 * Handles pushes and answers calls. It may return a value, a stream, or a Promise of either, as
 * a handler of a server does.
 */
export type PushHandler = (data: unknown, context: HeartwirePushContext) => unknown;

/** What the servers of a client push to it, and who is told: every listener, every handler. */
export class Pushes {
  private readonly listeners = new PushListeners();
  private readonly handlers = new Map<string, Handler[]>();
  private readonly outside = new Outside();
  private readonly startApart = inOwnContext((call: ServedCall) => {
    this.dispatch(call);
  });

  constructor(
    private readonly routeOf: (pattern: unknown) => string,
    private readonly explain: (thrown: unknown) => unknown,
  ) {}

  /** @throws HeartwireError `UNSERIALIZABLE` */
  on$(pattern: unknown): Observable<unknown> {
    return this.listeners.on$(this.checkedRoute(pattern));
  }

  /** Returns what takes the handler back. @throws HeartwireError `UNSERIALIZABLE`, `INVALID_OPTIONS` */
  handle(pattern: unknown, handler: PushHandler): () => void {
    const route = this.checkedRoute(pattern);
    if (typeof handler !== 'function') {
      const message = `what handles pushes must be a function, not a value of type ${typeof handler}`;
      throw new HeartwireError(ErrorCode.INVALID_OPTIONS, message);
    }
    const own = ((data, context) => handler(data, context as HeartwirePushContext)) satisfies Handler;
    this.handlers.set(route, [...this.handlersOf(route), own]);
    return () => {
      const others = this.handlersOf(route).filter((each) => each !== own);
      if (others.length === 0) this.handlers.delete(route);
      else this.handlers.set(route, others);
    };
  }

  /** What the connections of the client need to know. */
  get listening(): Pick<ConnectionSettings, 'dispatch' | 'awaitsPushes'> {
    const dispatch = (call: ServedCall): void => {
      // What only listens runs as any subscriber does.
      if (this.handlers.size === 0) this.dispatch(call);
      else this.outside.start(this.startApart, call);
    };
    return { dispatch, awaitsPushes: () => !this.listeners.isEmpty || this.handlers.size > 0 };
  }

  private dispatch(call: ServedCall): void {
    if (isLargePattern(call.pattern)) {
      refuseCall(call);
      return;
    }
    const route = this.routeOf(call.pattern);
    if (call.isEvent) this.tell(call, route);
    else this.answer(call, route);
  }

  /** Nobody can push under what is no pattern: who listens to it has made a mistake. */
  private checkedRoute(pattern: unknown): string {
    patternText(pattern);
    return this.routeOf(pattern);
  }

  private handlersOf(route: string): readonly Handler[] {
    return this.handlers.get(route) ?? [];
  }

  /** A call has one answer: the first handler gives it. */
  private answer(call: ServedCall, route: string): void {
    const [handler] = this.handlersOf(route);
    if (handler === undefined) refuseCall(call);
    else void runHandler(handler, call, new HeartwirePushContext(route, call), this.explain);
  }

  private tell(call: ServedCall, route: string): void {
    const handlers = this.handlersOf(route);
    const listeners = this.listeners.to(route);
    if (handlers.length > 0) {
      const all: Handler = (data, context) => {
        listeners?.next(data);
        return runAll(handlers, this.explain)(data, context);
      };
      void runHandler(all, call, new HeartwirePushContext(route, call), this.explain);
    } else if (listeners !== undefined) {
      listeners.next(call.takeData());
      call.complete();
    } else {
      refuseCall(call);
    }
  }
}

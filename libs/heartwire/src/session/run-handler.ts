import type { Overflow } from './outgoing-stream.js';
import { runToEnd } from './run-to-end.js';
import type { ServedCall } from './served-call.js';
import type { SourceFeed } from './source-feed.js';
import { isStreamSource, stopUnused } from './stream-source.js';

/**
 * A handler as Nest registers it: what it returns may be a value, a stream, or a Promise of either.
 */
export type Handler = ((data: unknown, context: object) => unknown) & {
  /** The third argument of `@MessagePattern`. */
  readonly extras?: { readonly overflow?: Overflow };
};

/**
 * Runs a handler and brings what becomes of it to the caller. A cancelled call stops its stream.
 * `onEnd` is called exactly once: on success, failure or cancel. The promise settles, never
 * rejecting, when the handler has returned.
 */
export function runHandler(
  handler: Handler,
  call: ServedCall,
  context: object,
  explain: (thrown: unknown) => unknown,
  onEnd?: () => void,
): Promise<void> | undefined {
  let eventRun: SourceFeed | undefined;
  let isRunning = true;
  const end = (): void => {
    if (!isRunning) return;
    isRunning = false;
    onEnd?.();
  };
  call.onCancel = () => {
    eventRun?.stop();
    end();
  };
  const onResult = (result: unknown): void => {
    call.returned();
    if (!isStreamSource(result)) {
      call.answer(result);
      end();
    } else if (call.isSettled) {
      stopUnused(result, explain);
    } else if (call.isEvent) {
      eventRun = runToEnd(result, { ended: onDone, failed: onThrown, stoppedWith: explain });
    } else {
      call.answerWith(result, { explain, overflow: handler.extras?.overflow, onEnd: end });
    }
  };
  const onDone = (): void => {
    call.complete();
    end();
  };
  const onThrown = (error: unknown): void => {
    call.returned();
    call.fail(explain(error));
    end();
  };

  let result: unknown;
  try {
    result = handler(call.takeData(), context);
  } catch (error) {
    onThrown(error);
    return undefined;
  }
  if (isThenable(result)) {
    call.isAtWork = !call.isSettled;
    return Promise.resolve(result).then(onResult, onThrown);
  }
  onResult(result);
  return undefined;
}

/** What `await` would wait for: a Promise, or a query builder's. */
function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

import { AsyncResource } from 'node:async_hooks';

const NAME = 'Heartwire';
/** Nobody waits for its end. */
const OPTIONS = { requireManualDestroy: true };

/**
 * Runs each task in an asynchronous context of its own, one after that of whoever made it. What comes in on one socket would
 * share the socket's: what a guard keeps of one call with `AsyncLocalStorage.enterWith` would be there for the next one.
 */
export function inOwnContext<Task>(run: (task: Task) => void): (task: Task) => void {
  // A task may be started at the end of another one, and so in its context.
  const outside = new AsyncResource(NAME, OPTIONS);
  const runInOwn = (task: Task): void => {
    new AsyncResource(NAME, OPTIONS).runInAsyncScope(run, undefined, task);
  };
  return (task) => {
    outside.runInAsyncScope(runInOwn, undefined, task);
  };
}

import { AsyncResource } from 'node:async_hooks';

type Start<Task> = (task: Task) => void;

const NAME = 'Heartwire';
/** Nobody waits for their end. */
const OPTIONS = { requireManualDestroy: true };

/**
 * Starts each task in an asynchronous context of its own. What comes in on one socket would share the socket's: what a
 * guard keeps of one call with `AsyncLocalStorage.enterWith` would be there for the next one.
 */
export function inOwnContext<Task>(start: Start<Task>): Start<Task> {
  return (task) => {
    new AsyncResource(NAME, OPTIONS).runInAsyncScope(start, undefined, task);
  };
}

/** Where this is made, for tasks that are started at the end of another one: they get nothing that is kept of that. */
export class Outside {
  private readonly resource = new AsyncResource(NAME, OPTIONS);

  start<Task>(start: Start<Task>, task: Task): void {
    this.resource.runInAsyncScope(start, undefined, task);
  }
}

import { config } from 'rxjs';

/** On what a stream fails with that somebody else sends. */
const FROM_AFAR = Symbol.for('heartwire.failure-from-afar');
/** On the function that RxJS hands unheard errors to, once it knows those. */
const KNOWS = Symbol.for('heartwire.knows-failures-from-afar');

/**
 * What a stream of the other end fails with, known as such. A failure that is no object is told in Nest's own form,
 * so that it can be known.
 */
export function failureFromAfar(failure: unknown): object {
  const told =
    typeof failure === 'object' && failure !== null ? failure : { status: 'error', message: String(failure) };
  return Object.defineProperty(told, FROM_AFAR, { value: true });
}

/**
 * Lets no other end stop this process. RxJS throws an error that no subscriber has a callback for from a timer,
 * which ends a Node process; and who sends a stream can make it fail whenever it likes. Those errors, and no
 * others, go unheard then. RxJS has one place for that, which whoever held it before keeps for all the others.
 */
export function forgiveUnheardFailures(): void {
  const { onUnhandledError: others } = config;
  if (others !== null && KNOWS in others) return;
  const onUnhandledError = (error: unknown): void => {
    if (typeof error === 'object' && error !== null && FROM_AFAR in error) return;
    if (others === null) throw error;
    others(error);
  };
  config.onUnhandledError = Object.assign(onUnhandledError, { [KNOWS]: true });
}

import type { Observable } from 'rxjs';

/** What became of a call: answered, failed, or still open when patience ran out. */
export interface Settled {
  readonly how: 'answered' | 'failed' | 'open';
  readonly value?: unknown;
  readonly error?: unknown;
  /** How long it took, in ms. */
  readonly afterMs: number;
}

/** Makes a call, and waits for its end no longer than `patienceMs`. */
export function settle(call$: Observable<unknown>, patienceMs: number): Promise<Settled> {
  const begunAt = performance.now();
  return new Promise((resolve) => {
    let value: unknown;
    const done = (end: Omit<Settled, 'afterMs'>): void => {
      clearTimeout(timer);
      resolve({ ...end, afterMs: performance.now() - begunAt });
    };
    const timer = setTimeout(() => {
      subscription.unsubscribe();
      done({ how: 'open' });
    }, patienceMs);
    const subscription = call$.subscribe({
      next: (next) => (value = next),
      error: (error: unknown) => done({ how: 'failed', error }),
      complete: () => done({ how: 'answered', value }),
    });
  });
}

/** When a promise is fulfilled, counted from now, in ms; `undefined` when it isn't within `patienceMs`. */
export async function timeOf(event: Promise<unknown>, patienceMs: number): Promise<number | undefined> {
  const begunAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const came = await Promise.race([event.then(() => true as const), patience]);
  clearTimeout(timer);
  return came ? performance.now() - begunAt : undefined;
}

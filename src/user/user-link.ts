import type { Observable } from 'rxjs';

/** What a user's chat needs of a Heartwire client, in Node or in a browser. */
export interface UserLink {
  send<T>(pattern: string, data: object, options?: { readonly idempotent?: boolean }): Observable<T>;
  on$<T>(pattern: string): Observable<T>;
  /** Emits with each new connection, and at once if there is one. */
  readonly connected$: Observable<unknown>;
}

import type { BrowserClient } from 'heartwire/browser';
import {
  BehaviorSubject,
  distinctUntilChanged,
  filter,
  map,
  NEVER,
  type Observable,
  of,
  switchMap,
  take,
} from 'rxjs';

import type { UserLink } from '../user/user-link.js';

/** The part of a client that the page uses. */
export type Client = Pick<BrowserClient, 'send' | 'on$' | 'status$' | 'liveness$' | 'close'>;

/**
 * The page's way to the chat, which the user may close and open again. A client that was closed stays closed: each time
 * it is a new one. What is asked meanwhile waits, and what was asked and not answered is asked again.
 */
export class Connection implements UserLink {
  /** `undefined` while it is closed by hand. */
  readonly client$: Observable<Client | undefined>;
  readonly isOpen$: Observable<boolean>;
  readonly connected$: Observable<unknown>;

  private readonly clients = new BehaviorSubject<Client | undefined>(undefined);

  constructor(private readonly connect: () => Client) {
    this.client$ = this.clients.asObservable();
    this.isOpen$ = this.client$.pipe(map((client) => client !== undefined));
    this.connected$ = this.client$.pipe(
      switchMap((client) => client?.status$ ?? of('closed')),
      distinctUntilChanged(),
      filter((status) => status === 'connected'),
    );
  }

  get isOpen(): boolean {
    return this.clients.value !== undefined;
  }

  open(): void {
    if (!this.isOpen) this.clients.next(this.connect());
  }

  close(): void {
    const client = this.clients.value;
    this.clients.next(undefined);
    void client?.close();
  }

  send<T>(pattern: string, data: object, options?: { readonly idempotent?: boolean }): Observable<T> {
    return this.client$.pipe(
      switchMap((client) => client?.send<T>(pattern, data, options) ?? NEVER),
      take(1),
    );
  }

  on$<T>(pattern: string): Observable<T> {
    return this.client$.pipe(switchMap((client) => client?.on$<T>(pattern) ?? NEVER));
  }
}

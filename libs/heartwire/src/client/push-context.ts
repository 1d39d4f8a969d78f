import type { Observable } from 'rxjs';

import type { Metadata } from '../protocol/messages.js';
import type { ServedCall } from '../session/served-call.js';

/** What a handler of pushes can know about the push or call that it serves; in a Nest app through `@Ctx()`. */
export class HeartwirePushContext {
  constructor(
    private readonly pattern: string,
    private readonly call: ServedCall,
  ) {}

  /** Fires when the server gave up, its deadline passed, or the connection was lost. `reason` says which. */
  get signal(): AbortSignal {
    return this.call.signal;
  }

  /** How long the server still waits, in ms; `undefined` for a push, which nobody waits for. */
  get timeLeftMs(): number | undefined {
    return this.call.timeLeftMs;
  }

  /** The stream that the server sends with its call; empty if it sends none. */
  get stream(): Observable<unknown> & AsyncIterable<unknown> {
    return this.call.stream;
  }

  /** What the server attached beside the data. */
  get metadata(): Metadata {
    return this.call.metadata ?? {};
  }

  /** The pattern, as text. */
  getPattern(): string {
    return this.pattern;
  }
}

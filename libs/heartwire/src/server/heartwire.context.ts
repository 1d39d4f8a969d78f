import { BaseRpcContext } from '@nestjs/microservices';
import type { Observable } from 'rxjs';

import type { Metadata } from '../protocol/messages.js';
import type { ServedCall } from '../session/served-call.js';
import type { ServerConnection } from './server-connection.js';

type HeartwireContextArgs = [ServerConnection, string, Metadata | undefined];

/**
 * What a handler can know about the call that it serves, through `@Ctx()`.
 *
 * @example
 * @MessagePattern('report.build')
 * build(@Payload() query: Query, @Ctx() ctx: HeartwireContext) {
 *   return this.reports.build(query, { signal: ctx.signal, budgetMs: ctx.timeLeftMs });
 * }
 *
 * @typeParam Identity what `authenticate` returns
 */
export class HeartwireContext<Identity = unknown> extends BaseRpcContext<HeartwireContextArgs> {
  constructor(
    connection: ServerConnection,
    pattern: string,
    private readonly call: ServedCall,
  ) {
    super([connection, pattern, call.metadata]);
  }

  /** Fires when the caller gave up, its deadline passed, or its connection was lost. `reason` says which. */
  get signal(): AbortSignal {
    return this.call.signal;
  }

  /**
   * The stream that the caller sends with its call, to be subscribed to or iterated over, once; empty if it sends none.
   * It fails when the caller's source does, and when the call ends before it.
   */
  get stream(): Observable<unknown> & AsyncIterable<unknown> {
    return this.call.stream;
  }

  /** How long the caller still waits, in ms; `undefined` when it gave no deadline, or has had a first item. */
  get timeLeftMs(): number | undefined {
    return this.call.timeLeftMs;
  }

  /** The caller's connection: who it is, where it comes from, the certificate that it has shown. */
  get connection(): ServerConnection<Identity> {
    return this.args[0] as ServerConnection<Identity>;
  }

  /** What the caller attached beside the data. */
  get metadata(): Metadata {
    return this.args[2] ?? NO_METADATA;
  }

  /** The pattern that was called, as text. */
  getPattern(): string {
    return this.args[1];
  }

  /** As in Nest's contexts: what the caller attached, if anything. */
  getMetadata(): Metadata | undefined {
    return this.args[2];
  }
}

const NO_METADATA: Metadata = Object.freeze({});

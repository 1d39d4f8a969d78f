import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Clock } from '../timing/clock.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import { type OutgoingCallLimits, OutgoingCalls, type OutgoingCallsHost } from '../session/outgoing-calls.js';
import { neverAnswered } from '../session/reasons.js';
import type { Candidate, Pick } from './balancer.js';

/** Where calls can go. */
export interface Destination extends Candidate {
  readonly calls: OutgoingCalls;
  readonly priority: number;
  readonly rank: number;
}

/** A queue has nobody to wake or to answer. */
const nobody: OutgoingCallsHost = {
  codec: undefined,
  outbox: {
    hasBulkRoom: false,
    pushBulk: () => undefined,
    whenBulkRoom: () => undefined,
    forgetBulk: () => undefined,
  },
  wake: () => undefined,
  sendAnswer: () => undefined,
  settled: () => undefined,
};

/** Gives each call to a connection, and keeps the calls while there is none: in one queue, with one bound. */
export class CallRouter<Connection extends Destination> {
  /** Where calls go without further thought: the only connection, or the queue. Missing while there is a choice. */
  direct: OutgoingCalls | undefined;

  private readonly waiting: OutgoingCalls;
  /** In the order in which they are preferred. */
  private usable: readonly Connection[] = [];
  private isOpen = false;

  constructor(
    clock: Clock,
    limits: OutgoingCallLimits,
    private readonly pick: Pick,
  ) {
    this.waiting = new OutgoingCalls(nobody, clock, limits);
  }

  /** Whether a call would be sent now. */
  get hasConnection(): boolean {
    return this.usable.length > 0;
  }

  /** The connection that is preferred. */
  get first(): Connection | undefined {
    return this.usable[0];
  }

  /** Takes calls from now on. */
  open(): void {
    this.isOpen = true;
    this.route();
  }

  /** Takes no more. Those that wait fail. */
  close(reason: HeartwireError): void {
    this.isOpen = false;
    this.route();
    for (const call of this.waiting.releaseWaiting()) call.fail(neverAnswered(call, reason));
    this.waiting.stop();
  }

  /** Finds the call a place: not at the one to `avoid`, if there is another. */
  place(call: OutgoingCall, avoid?: Connection): void {
    const others = avoid === undefined ? this.usable : this.usable.filter((each) => each !== avoid);
    const candidates = others.length > 0 ? others : this.usable;
    const calls = candidates.length === 0 ? this.waiting : this.pick(candidates, call.traits.key ?? '').calls;
    calls.add(call);
  }

  /** Calls can be sent over it. Those that wait go there, or where the balance has them. */
  use(connection: Connection): void {
    this.usable = [...this.usable, connection].sort(
      (one, other) => one.priority - other.priority || one.rank - other.rank,
    );
    this.route();
    for (const call of this.waiting.releaseWaiting()) this.place(call);
  }

  /** No more calls go there; `unsent` go elsewhere. */
  leave(connection: Connection, unsent: readonly OutgoingCall[]): void {
    this.usable = this.usable.filter((each) => each !== connection);
    this.route();
    for (const call of unsent) this.place(call);
  }

  private route(): void {
    const [first, second] = this.usable;
    if (!this.isOpen || second !== undefined) this.direct = undefined;
    else this.direct = first === undefined ? this.waiting : first.calls;
  }
}

import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Clock } from '../timing/clock.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import { type OutgoingCallLimits, OutgoingCalls, type OutgoingCallsHost } from '../session/outgoing-calls.js';
import { neverAnswered } from '../session/reasons.js';
import type { Candidate, Pick } from './balancer.js';
import { byPreference } from './preference.js';

/** Where calls can go. */
export interface Destination extends Candidate {
  readonly calls: OutgoingCalls;
  readonly priority: number;
  readonly rank: number;
  /** A ping has gone unanswered there for too long. */
  readonly isSuspect: boolean;
  /** Connects, if it isn't about to. */
  open(): void;
}

/** A queue has nobody to wake or to answer. */
const nobody: OutgoingCallsHost = {
  codec: undefined,
  outbox: {
    hasBulkRoom: false,
    pushBulk: () => undefined,
    afterBulk: () => undefined,
    whenBulkRoom: () => undefined,
    forgetBulk: () => undefined,
    aheadBytes: 0,
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
  /** Those of them that get calls: no suspect ones, while there are others. */
  private candidates: readonly Connection[] = [];
  /** Their servers have closed them, as nobody used them. They connect again with the next call. */
  private readonly resting = new Set<Connection>();
  private isOpen = false;

  constructor(
    clock: Clock,
    limits: OutgoingCallLimits,
    private readonly pick: Pick,
    /** Whether calls keep away from connections that may be dead. */
    private readonly avoidsSuspects: boolean,
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
    const { candidates: all } = this;
    const others = avoid === undefined ? all : all.filter((each) => each !== avoid);
    const candidates = others.length > 0 ? others : all;
    const calls = candidates.length === 0 ? this.waiting : this.pick(candidates, call.traits.key ?? '').calls;
    calls.add(call);
    if (this.resting.size > 0) this.wake();
  }

  /** Calls can be sent over it. Those that wait go there, or where the balance has them. */
  use(connection: Connection): void {
    this.resting.delete(connection);
    this.usable = [...this.usable, connection].sort(byPreference);
    this.route();
    for (const call of this.waiting.releaseWaiting()) this.place(call);
  }

  /** No more calls go there; `unsent` go elsewhere. */
  leave(connection: Connection, unsent: readonly OutgoingCall[]): void {
    this.resting.delete(connection);
    this.usable = this.usable.filter((each) => each !== connection);
    this.route();
    for (const call of unsent) this.place(call);
  }

  /** No more calls go there until it has connected again, which the next call brings about. */
  rest(connection: Connection): void {
    this.leave(connection, []);
    this.resting.add(connection);
    this.route();
  }

  /** Those that rest are needed. */
  wake(): void {
    const woken = [...this.resting];
    this.resting.clear();
    this.route();
    for (const connection of woken) connection.open();
  }

  /** One of them may have become suspect, or be so no more. */
  review(): void {
    if (this.usable.length > 1) this.route();
  }

  private route(): void {
    const sound = this.avoidsSuspects ? this.usable.filter(({ isSuspect }) => !isSuspect) : this.usable;
    this.candidates = sound.length > 0 ? sound : this.usable;
    const [first, second] = this.candidates;
    if (!this.isOpen || this.resting.size > 0 || second !== undefined) this.direct = undefined;
    else this.direct = first === undefined ? this.waiting : first.calls;
  }
}

import type { Clock } from './clock.js';
import type { Liveness, LivenessState } from './liveness-state.js';
import { OutstandingPings } from './outstanding-pings.js';
import { RoundTrip } from './round-trip.js';

/** Pings for round-trip samples come every interval, ±10 %, so that connections don't beat in step. */
const SAMPLE_JITTER = 0.1;
/** Urgent pings, spread over the time between suspicion and death. */
const URGENT_PINGS = 3;
/** A look that comes later than this was not on time: the process was blocked, stopped or asleep. */
const LATE_MS = 50;
const LATE_SHARE_OF_INTERVAL = 0.1;
/** How much of the timeout a peer gets to answer the last question after such a delay. */
const LAST_CHANCE_SHARE = 1 / 4;

/**
 * What a verdict waits for. It falls only at an end that listens: pending input is let in first,
 * and if this end itself was late, the peer is asked once more.
 */
type Verdict =
  | { readonly waitsFor: 'nothing' }
  /** Input that has arrived already. */
  | { readonly waitsFor: 'input'; readonly isLate: boolean }
  /** The answer to a last ping. */
  | { readonly waitsFor: 'answer' };

export interface LivenessWatchInput {
  /** Silence after which the other end is asked, in ms. */
  readonly intervalMs: number;
  /** Silence after the first unanswered ping that means death, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The moment of the last byte received, on the clock. */
  readonly heardAt: () => number;
  /** Queues a ping now. */
  readonly ping: (timestamp: number) => void;
}

/** The rules of docs/protocol.md, section 3, without a scheduler: a look now and then, each telling when the next is due. */
export class LivenessWatch {
  private state: LivenessState = 'alive';
  private verdict: Verdict = { waitsFor: 'nothing' };
  /** When the next look is due. */
  private dueAt = 0;
  /** When the next round-trip sample is due. */
  private sampleAt: number;
  /** The first ping since anything was heard, and what had been heard when it was queued. */
  private unanswered: { readonly sinceMs: number; readonly heardAt: number } | undefined;
  private urgentSent = 0;
  private missed = 0;
  private heartbeats = 0;
  private readonly pings = new OutstandingPings();
  private readonly roundTrip = new RoundTrip();
  private readonly lateMs: number;

  constructor(
    private readonly input: LivenessWatchInput,
    private readonly tell: (liveness: Liveness) => void,
  ) {
    this.lateMs = Math.max(LATE_MS, input.intervalMs * LATE_SHARE_OF_INTERVAL);
    this.sampleAt = input.clock.now() + this.jittered();
  }

  /** How long until the next look is due. */
  get delayMs(): number {
    return Math.max(this.dueAt - this.input.clock.now(), 0);
  }

  /** Tells the first state. */
  begin(): void {
    this.dueAt = this.nextDueAt();
    this.report();
  }

  /** A pong came back. One that answers no ping of ours is a sign of life and no sample. */
  pong(timestamp: number | string): void {
    if (this.state === 'dead') return;
    const wasSuspect = this.noteWhatWasHeard();
    const isSample = typeof timestamp === 'number' && this.pings.take(timestamp);
    if (isSample) this.roundTrip.sample(this.input.clock.now() - timestamp);
    if (isSample || wasSuspect) this.report();
  }

  /** Looks how things stand. Returns the delay until the next look, or `undefined` when there is none. */
  look(): number | undefined {
    const now = this.input.clock.now();
    if (now < this.dueAt) return this.dueAt - now;
    const isLate = now - this.dueAt > this.lateMs;
    if (this.noteWhatWasHeard()) this.report();
    if (this.verdict.waitsFor === 'nothing') this.goOn(now, isLate);
    else this.judge(now, isLate);
    if (this.isDead) return undefined;
    this.dueAt = this.nextDueAt();
    return this.delayMs;
  }

  private get isDead(): boolean {
    return this.state === 'dead';
  }

  private goOn(now: number, isLate: boolean): void {
    const { intervalMs, timeoutMs, heardAt } = this.input;
    if (this.unanswered === undefined) {
      if (now >= this.sampleAt || now >= heardAt() + intervalMs) this.ping(now);
      return;
    }
    const silentMs = now - this.unanswered.sinceMs;
    if (silentMs >= timeoutMs || (this.state === 'alive' && silentMs >= intervalMs)) {
      this.verdict = { waitsFor: 'input', isLate };
    } else if (this.state === 'suspect' && now >= this.urgentAt()) {
      this.urgentSent += 1;
      this.ping(now);
    } else if (now >= this.sampleAt) {
      this.ping(now);
    }
  }

  /** Nothing was heard, and whatever had arrived has been let in. */
  private judge(now: number, isLate: boolean): void {
    const { verdict, unanswered } = this;
    if (verdict.waitsFor === 'answer') {
      this.verdict = { waitsFor: 'input', isLate };
      return;
    }
    this.verdict = { waitsFor: 'nothing' };
    const silentMs = now - (unanswered?.sinceMs ?? now);
    if (this.state === 'alive' && this.input.intervalMs < this.input.timeoutMs) this.become('suspect');
    if (silentMs < this.input.timeoutMs) {
      this.urgentSent = 1;
      this.ping(now);
    } else if (isLate || (verdict.waitsFor === 'input' && verdict.isLate)) {
      this.ping(now);
      this.verdict = { waitsFor: 'answer' };
    } else {
      this.become('dead');
    }
  }

  /** Back to life when anything came since the first unanswered ping. `true` when it was suspect. */
  private noteWhatWasHeard(): boolean {
    if (this.unanswered === undefined || this.input.heardAt() === this.unanswered.heardAt) return false;
    const wasSuspect = this.state === 'suspect';
    this.unanswered = undefined;
    this.verdict = { waitsFor: 'nothing' };
    this.missed = 0;
    this.state = 'alive';
    return wasSuspect;
  }

  private nextDueAt(): number {
    const { clock, intervalMs, timeoutMs, heardAt } = this.input;
    const { unanswered, verdict } = this;
    // The next turn of the event loop: what has arrived is read in between.
    if (verdict.waitsFor === 'input') return clock.now();
    if (verdict.waitsFor === 'answer') return clock.now() + timeoutMs * LAST_CHANCE_SHARE;
    if (unanswered === undefined) return Math.min(this.sampleAt, heardAt() + intervalMs);
    const deadAt = unanswered.sinceMs + timeoutMs;
    if (this.state === 'suspect') return Math.min(this.urgentAt(), deadAt);
    return Math.min(this.sampleAt, unanswered.sinceMs + intervalMs, deadAt);
  }

  private urgentAt(): number {
    if (this.unanswered === undefined || this.urgentSent >= URGENT_PINGS) return Infinity;
    const { intervalMs, timeoutMs } = this.input;
    return this.unanswered.sinceMs + intervalMs + (this.urgentSent * (timeoutMs - intervalMs)) / URGENT_PINGS;
  }

  private ping(now: number): void {
    this.unanswered ??= { sinceMs: now, heardAt: this.input.heardAt() };
    this.sampleAt = now + this.jittered();
    this.missed += 1;
    this.heartbeats += 1;
    this.input.ping(this.pings.add(now));
  }

  private jittered(): number {
    return this.input.intervalMs * (1 - SAMPLE_JITTER + 2 * SAMPLE_JITTER * this.input.random());
  }

  private become(state: LivenessState): void {
    this.state = state;
    this.report();
  }

  private report(): void {
    const lastHeardAt = this.input.heardAt();
    const { lastMs, smoothedMs, jitterMs } = this.roundTrip;
    const measured =
      lastMs === undefined || smoothedMs === undefined || jitterMs === undefined
        ? undefined
        : { roundTripMs: lastMs, smoothedRoundTripMs: smoothedMs, jitterMs };
    this.tell({
      state: this.state,
      ...measured,
      missed: this.missed,
      silentForMs: Math.max(this.input.clock.now() - lastHeardAt, 0),
      heartbeats: this.heartbeats,
      lastHeardAt,
    });
  }
}

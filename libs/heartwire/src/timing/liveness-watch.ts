import { LATE_MS } from './late.js';
import type { Liveness, LivenessState } from './liveness-state.js';
import { OutstandingPings } from './outstanding-pings.js';
import { AdaptivePace, type Pace } from './pace.js';
import { RoundTrip } from './round-trip.js';
import { SignsOfLife, type SignsOfLifeInput } from './signs-of-life.js';
import { suspicion } from './suspicion.js';

/** Pings for round-trip samples come every interval, ±10 %, so that connections don't beat in step. */
const SAMPLE_JITTER = 0.1;
/** Urgent pings, spread over the time between suspicion and death. */
const URGENT_PINGS = 3;
/** With a long interval, one may come so much of it later before it counts as late. */
const LATE_SHARE_OF_INTERVAL = 0.1;
/** How much of the timeout a peer gets to answer the last question after such a delay. */
const LAST_CHANCE_SHARE = 1 / 4;
/** An end that is late again and again asks so often before a verdict: a dead peer is known even to a starved process. */
const MAX_LAST_CHANCES = 4;

export interface LivenessWatchInput extends Pace, SignsOfLifeInput {
  /** The pace follows the round trip, up to the given one. Default: false. */
  readonly adaptive?: boolean | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Queues a ping now. */
  readonly ping: (timestamp: number) => void;
}

/**
 * The rules of docs/protocol.md, section 3, without a scheduler: a look now and then, each telling
 * when the next is due.
 *
 * A verdict falls only at an end that listened. So each waits for the input that has arrived already,
 * and if any look during the silence was late, for the answer to one more ping, up to four times.
 */
export class LivenessWatch {
  private state: LivenessState = 'alive';
  private isStopped = false;
  /** When the next look is due. */
  private dueAt = 0;
  /** When the next round-trip sample is due. */
  private sampleAt: number;
  /** The first ping since anything was heard, and what had been heard when it was queued. */
  private unanswered: { readonly sinceMs: number; readonly heardAt: number } | undefined;
  /** What the verdict that is due still waits for. */
  private waitsFor: 'nothing' | 'input' | 'answer' = 'nothing';
  private answerBy = 0;
  /** This end was late during the silence, and has not asked again since. */
  private wasLate = false;
  /** How often it has asked again before the verdict that is due. */
  private lastChances = 0;
  private urgentSent = 0;
  private missed = 0;
  private heartbeats = 0;
  private readonly pings = new OutstandingPings();
  private readonly roundTrip = new RoundTrip();
  private readonly pace: Pace;
  private readonly signs: SignsOfLife;

  constructor(
    private readonly input: LivenessWatchInput,
    private readonly tell: (liveness: Liveness) => void,
  ) {
    this.pace = input.adaptive === true ? new AdaptivePace(input, this.roundTrip) : input;
    this.signs = new SignsOfLife(input);
    this.sampleAt = input.clock.now() + this.jittered();
  }

  /** How long until the next look is due. */
  get delayMs(): number {
    return Math.max(this.dueAt - this.input.clock.now(), 0);
  }

  /** Tells the first state. */
  begin(): void {
    this.dueAt = this.nextDueAt(this.input.clock.now());
    this.report();
  }

  /** Nothing is told or sent any more. */
  stop(): void {
    this.isStopped = true;
  }

  /** A pong came back. One that answers no ping of ours is a sign of life and no sample. */
  pong(timestamp: number | string): void {
    if (this.isStopped) return;
    this.signs.answered();
    const isSample = typeof timestamp === 'number' && this.pings.take(timestamp);
    const wasSuspect = this.state === 'suspect';
    // A coarse clock may give the answer the same moment as what was heard before the ping.
    if (isSample || this.wasHeard) this.revive();
    if (isSample) this.roundTrip.sample(Math.max(this.input.clock.now() - timestamp, 0));
    if (isSample || (wasSuspect && this.state === 'alive')) this.report();
  }

  /** Looks how things stand. Returns the delay until the next look, or `undefined` when there is none. */
  look(): number | undefined {
    const now = this.input.clock.now();
    if (now < this.dueAt) return this.dueAt - now;
    if (this.wasHeard) {
      const wasSuspect = this.state === 'suspect';
      this.revive();
      if (wasSuspect) this.report();
    }
    if (this.unanswered === undefined) {
      if (now >= this.sampleAt || now >= this.signs.at + this.pace.intervalMs) this.ping(now);
    } else {
      this.wasLate ||= this.isLate(now);
      this.doubt(now, now - this.unanswered.sinceMs);
    }
    if (this.isStopped) return undefined;
    this.dueAt = this.nextDueAt(now);
    return this.delayMs;
  }

  private isLate(now: number): boolean {
    return now - this.dueAt > Math.max(LATE_MS, this.pace.intervalMs * LATE_SHARE_OF_INTERVAL);
  }

  /** A ping is unanswered. */
  private doubt(now: number, silentMs: number): void {
    const { intervalMs, timeoutMs } = this.pace;
    if (this.waitsFor === 'answer') {
      if (now >= this.answerBy) this.waitsFor = 'input';
    } else if (this.waitsFor === 'input') {
      this.judge(now, silentMs);
    } else if (silentMs >= timeoutMs || (this.state === 'alive' && silentMs >= intervalMs)) {
      this.waitsFor = 'input';
    } else if (now >= this.urgentAt()) {
      this.urge(now);
    } else if (now >= this.sampleAt) {
      this.ping(now);
    }
  }

  /** Whatever had arrived has been let in, and nothing was heard. */
  private judge(now: number, silentMs: number): void {
    if (this.wasLate && this.lastChances < MAX_LAST_CHANCES) {
      this.wasLate = false;
      this.lastChances += 1;
      this.waitsFor = 'answer';
      this.answerBy = now + this.pace.timeoutMs * LAST_CHANCE_SHARE;
      this.ping(now);
      return;
    }
    this.waitsFor = 'nothing';
    this.lastChances = 0;
    this.state = silentMs < this.pace.timeoutMs ? 'suspect' : 'dead';
    this.report();
    if (this.state === 'suspect') this.urge(now);
  }

  /** Whether there was a sign of life since the first unanswered ping. */
  private get wasHeard(): boolean {
    return this.unanswered !== undefined && this.signs.at !== this.unanswered.heardAt;
  }

  private revive(): void {
    this.state = 'alive';
    this.unanswered = undefined;
    this.waitsFor = 'nothing';
    this.wasLate = false;
    this.lastChances = 0;
    this.urgentSent = 0;
    this.missed = 0;
  }

  private nextDueAt(now: number): number {
    const { intervalMs, timeoutMs } = this.pace;
    const { unanswered } = this;
    if (unanswered === undefined) return Math.min(this.sampleAt, this.signs.at + intervalMs);
    // The next turn of the event loop: what has arrived is read in between.
    if (this.waitsFor === 'input') return now;
    // Not later than this, so that a peer heard in the meantime is asked again after one interval.
    const inOneInterval = now + intervalMs;
    if (this.waitsFor === 'answer') return Math.min(this.answerBy, inOneInterval);
    const verdictAt =
      unanswered.sinceMs + (this.state === 'alive' ? Math.min(intervalMs, timeoutMs) : timeoutMs);
    return Math.min(verdictAt, this.sampleAt, this.urgentAt(), inOneInterval);
  }

  /** When the next urgent ping is due: from suspicion on, at equal distances until death. */
  private urgentAt(): number {
    if (this.state !== 'suspect' || this.unanswered === undefined) return Infinity;
    if (this.urgentSent >= URGENT_PINGS) return Infinity;
    const { intervalMs, timeoutMs } = this.pace;
    return this.unanswered.sinceMs + intervalMs + (this.urgentSent * (timeoutMs - intervalMs)) / URGENT_PINGS;
  }

  /** One ping, also where the moment of another has passed: a burst would say no more. */
  private urge(now: number): void {
    while (now >= this.urgentAt()) this.urgentSent += 1;
    this.ping(now);
  }

  private ping(now: number): void {
    if (this.isStopped) return;
    this.unanswered ??= { sinceMs: now, heardAt: this.signs.at };
    this.sampleAt = now + this.jittered();
    this.missed += 1;
    this.heartbeats += 1;
    this.input.ping(this.pings.add(now));
  }

  private jittered(): number {
    return this.pace.intervalMs * (1 - SAMPLE_JITTER + 2 * SAMPLE_JITTER * this.input.random());
  }

  private report(): void {
    if (this.isStopped) return;
    const lastHeardAt = this.signs.at;
    const silentForMs = Math.max(this.input.clock.now() - lastHeardAt, 0);
    const { intervalMs, timeoutMs } = this.pace;
    const { smoothedMs, jitterMs } = this.roundTrip;
    this.tell({
      state: this.state,
      roundTripMs: this.roundTrip.lastMs,
      smoothedRoundTripMs: smoothedMs,
      jitterMs,
      missed: this.missed,
      silentForMs,
      phi: suspicion(silentForMs, intervalMs, smoothedMs, jitterMs),
      intervalMs,
      timeoutMs,
      heartbeats: this.heartbeats,
      lastHeardAt,
    });
  }
}

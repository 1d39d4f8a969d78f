import { jest } from '@jest/globals';
import { Observable, Subject } from 'rxjs';

import { nodeFrameEncoder } from '../../libs/heartwire/src/link/node-runtime.js';
import { connectionClosed } from '../../libs/heartwire/src/session/reasons.js';
import type { ServedCall } from '../../libs/heartwire/src/session/served-call.js';
import type { Dispatch } from '../../libs/heartwire/src/session/served-calls.js';
import type { Session } from '../../libs/heartwire/src/session/session.js';
import { MemoryWire, type WireEnd } from '../../libs/heartwire/src/testing/memory-wire.js';
import { RecordedCall } from './recorded-call.js';
import { AcceptingEnd, DiallingEnd, type EndOptions } from './session-ends.js';

/** How a wire is, and how long it takes until it is there. */
export interface WireTraits {
  readonly redialMs: number;
  readonly delayMs: number;
  readonly pieceBytes: number;
  /** It breaks by itself once one end's bytes have come so far. */
  readonly cutAfter?: { readonly from: WireEnd; readonly bytes: number } | undefined;
}

/** A caller's stream has so many times the items that its work names. */
export const UPLOADED_AT_ONCE = 4;

const SOUND: WireTraits = { redialMs: 1, delayMs: 0, pieceBytes: Infinity };

/** What a call asks of its handler. */
export interface Work {
  readonly pattern: 'value' | 'stream' | 'upload' | 'fault' | 'event' | 'acknowledged event';
  readonly from: WireEnd;
  readonly items: number;
  readonly everyMs: number;
  readonly paddingBytes: number;
  readonly timeoutMs: number;
  readonly isIdempotent: boolean;
}

/** A call, and what became of it at both ends. */
export interface WorldCall {
  readonly work: Work;
  readonly record: RecordedCall;
  isCancelled: boolean;
  runs: number;
}

/** Two ends of a session, the wires between them, and a handler that notes how often it runs. */
export class SessionWorld {
  readonly calls: WorldCall[] = [];
  readonly accepting: AcceptingEnd;
  readonly dialling: DiallingEnd;
  /** Streams of callers that go on now, by their calls. */
  readonly uploads = new Set<number>();
  /** Handlers that run now. */
  readonly running = new Set<ServedCall>();
  /** What has arrived over the latest wire. */
  arrived: string[] = [];
  private readonly encoder = nodeFrameEncoder();
  private wire: MemoryWire | undefined;
  private awayUntil = 0;

  /** @param traits the wires, in turn; when they are used up, those that follow are sound */
  constructor(
    private traits: readonly WireTraits[],
    options: EndOptions,
  ) {
    this.accepting = new AcceptingEnd({ ...options, dispatch: this.dispatch });
    this.dialling = new DiallingEnd({ ...options, dispatch: this.dispatch });
    this.dialling.onLinkLost = () => {
      this.dialSoon();
    };
    this.dialSoon();
  }

  call(work: Work): void {
    const session = this.caller(work.from);
    if (session === undefined) return;
    const kind =
      work.pattern === 'event'
        ? 'event'
        : work.pattern === 'acknowledged event'
          ? 'acknowledged-event'
          : 'request';
    const { pattern, items, everyMs, paddingBytes, timeoutMs, isIdempotent } = work;
    const data = { key: this.calls.length, items, everyMs, padding: 'x'.repeat(paddingBytes) };
    const stream = pattern === 'upload' ? this.upload(data.key, items, everyMs) : undefined;
    const record = new RecordedCall(pattern, data, { kind, timeoutMs, isIdempotent, stream });
    this.calls.push({ work, record, isCancelled: false, runs: 0 });
    session.calls.add(record.outgoing);
  }

  cancel(index: number): void {
    const call = this.calls[index % Math.max(this.calls.length, 1)];
    if (call === undefined || call.record.ends.length > 0) return;
    call.isCancelled = true;
    call.record.cancel();
  }

  cut(): void {
    this.wire?.cut();
  }

  cutAfter(from: WireEnd, bytes: number): void {
    this.wire?.cutAfter(from, bytes);
  }

  breakAt(end: WireEnd): void {
    this.wire?.breakAt(end);
  }

  swallow(from: WireEnd): void {
    this.wire?.swallow(from);
  }

  /** Cuts, and lets nothing through for so long. */
  away(forMs: number): void {
    this.awayUntil = performance.now() + forMs;
    this.cut();
  }

  /** The accepting end forgets everything, as a process does that starts again. */
  restart(): void {
    for (const session of [...this.accepting.sessions.values()]) {
      session.destroy(connectionClosed('restarted'));
    }
    this.cut();
  }

  /** Sound wires from now on. */
  heal(): void {
    this.traits = [];
    this.cut();
  }

  /** Whether no call is under way any more, at either end. */
  get isSettled(): boolean {
    return (
      this.running.size === 0 &&
      this.uploads.size === 0 &&
      this.calls.every(({ record, isCancelled }) => isCancelled || record.ends.length > 0)
    );
  }

  /** The dialling end goes away for good. */
  close(): void {
    this.dialling.close();
  }

  private caller(from: WireEnd): Session | undefined {
    if (from === 'dialling') return this.dialling.session;
    // Before that the dialling end knows of no session, and can't go on with it.
    if (this.dialling.readies.length === 0) return undefined;
    return this.accepting.sessions.get(this.dialling.session.clientId);
  }

  private dialSoon(): void {
    const [traits = SOUND, ...rest] = this.traits;
    this.traits = rest;
    setTimeout(() => {
      this.dial(traits);
    }, traits.redialMs);
  }

  private dial(traits: WireTraits): void {
    if (performance.now() < this.awayUntil) {
      setTimeout(() => {
        this.dial(traits);
      }, 50);
      return;
    }
    const arrived: string[] = [];
    this.arrived = arrived;
    const wire = new MemoryWire({
      delayMs: () => traits.delayMs,
      pieceBytes: () => traits.pieceBytes,
      highWaterBytes: 2_048,
      encoder: this.encoder,
      onText: (_, text) => arrived.push(text),
    });
    this.wire = wire;
    if (traits.cutAfter !== undefined) wire.cutAfter(traits.cutAfter.from, traits.cutAfter.bytes);
    this.accepting.accept(wire.accepting);
    this.dialling.session.attach(wire.dialling);
  }

  private readonly dispatch: Dispatch = (call) => {
    const { key, items, everyMs } = call.takeData() as { key: number; items: number; everyMs: number };
    const known = this.calls[key];
    if (known === undefined) throw new Error('nobody called');
    known.runs += 1;
    this.running.add(call);
    if (call.pattern === 'upload') {
      this.collect(call);
      return;
    }
    let item = 0;
    const stream = new Subject<number>();
    if (call.pattern === 'stream') call.answerWith(stream, { explain: (error) => error });
    const finished = (): void => void this.running.delete(call);
    const work = (): void => {
      if (call.pattern === 'fault') {
        finished();
        call.fail(new Error('as asked'));
      } else if (call.pattern === 'stream' && item < items) {
        stream.next(item++);
        timer = setTimeout(work, everyMs);
      } else {
        finished();
        if (call.pattern === 'value') call.answer(`value ${String(key)}`);
        else if (call.pattern === 'stream') stream.complete();
        else call.complete();
      }
    };
    let timer = setTimeout(work, everyMs);
    call.onCancel = () => {
      clearTimeout(timer);
      finished();
    };
  };

  /** Answers with what the caller sends. */
  private collect(call: ServedCall): void {
    const items: unknown[] = [];
    const finished = (): void => void this.running.delete(call);
    call.onCancel = finished;
    call.stream.subscribe({
      next: (item) => items.push(item),
      error: (error: unknown) => {
        finished();
        call.fail(error);
      },
      complete: () => {
        finished();
        call.answer(items);
      },
    });
  }

  private upload(key: number, items: number, everyMs: number): Observable<number> {
    return new Observable((subscriber) => {
      this.uploads.add(key);
      let item = 0;
      const work = (): void => {
        // Several at once, so that they come to the end of their credit.
        for (let more = 0; more < UPLOADED_AT_ONCE && item < items * UPLOADED_AT_ONCE; more++)
          subscriber.next(item++);
        if (item < items * UPLOADED_AT_ONCE) timer = setTimeout(work, everyMs);
        else subscriber.complete();
      };
      let timer = setTimeout(work, everyMs);
      return () => {
        clearTimeout(timer);
        this.uploads.delete(key);
      };
    });
  }
}

/** Lets virtual time pass until something holds. @throws Error when it never does. */
export function passUntil(holds: () => boolean, what: string, mostMs = 300_000): void {
  for (let passedMs = 0; !holds(); passedMs += 100) {
    if (passedMs > mostMs) throw new Error(`${what}: not within ${String(mostMs)} ms`);
    jest.advanceTimersByTime(100);
  }
}

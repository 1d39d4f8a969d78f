import type { CallId, Metadata } from '../protocol/messages.js';
import { type IncomingStream, ItemStream } from './incoming-stream.js';
import type { ReplyObserver } from './reply-observer.js';
import type { OutgoingStream, Overflow } from './outgoing-stream.js';
import type { StreamInlet } from './stream-inlet.js';
import type { StreamSource } from './stream-source.js';

/** How a handler's stream is treated. */
export interface AnswerStreamOptions {
  readonly overflow?: Overflow | undefined;
  /** What the caller may know of what the source threw. */
  readonly explain: (thrown: unknown) => unknown;
  /** Called once, when the stream has ended by itself. */
  readonly onEnd?: (() => void) | undefined;
}

/** Where a served call's answers go. */
export interface ServedCallKeeper {
  answer(call: ServedCall, value: unknown): void;
  finish(call: ServedCall): void;
  stream(call: ServedCall, id: CallId, source: StreamSource, options: AnswerStreamOptions): void;
  fail(call: ServedCall, error: unknown): void;
  timeLeftMs(call: ServedCall): number | undefined;
  /** The handler of a call that was given up before has come to its end. */
  returned(): void;
}

/**
 * A call or event from the other end, while its handlers run. It ends exactly once: answered,
 * failed, or cancelled (by the caller, its deadline, or a lost connection). What comes after
 * that is ignored.
 */
export class ServedCall {
  /** Set by whoever runs the handler: called once when the call is cancelled. */
  onCancel: (() => void) | undefined;
  isSettled = false;
  /** Whether its handler is at work. It may go on when nobody waits for it any more. */
  isAtWork = false;
  /** The stream that the caller sends. */
  inlet: StreamInlet | undefined;
  /** The stream that answers it. */
  answers: OutgoingStream | undefined;

  /** Where an event stands among those that run. For its keeper. */
  place = 0;

  private controller: AbortController | undefined;
  private cancelReason: Error | undefined;

  constructor(
    private readonly keeper: ServedCallKeeper,
    /** Missing for an event that nobody waits for. */
    readonly id: CallId | undefined,
    readonly isEvent: boolean,
    readonly pattern: unknown,
    private input: unknown,
    readonly metadata: Metadata | undefined,
    /** On the session's clock, in ms; Infinity when the caller gave none. */
    public deadlineAt: number,
  ) {}

  /**
   * Hands over what the caller sent, once. The call doesn't hold on to it: a table that was outgrown
   * may keep the call alive until the next full collection.
   */
  takeData(): unknown {
    const data = this.input;
    this.input = undefined;
    return data;
  }

  /** Fires when the call is cancelled. Made only when a handler asks for it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelReason !== undefined) this.controller.abort(this.cancelReason);
    }
    return this.controller.signal;
  }

  /** What is left of the time that the caller waits, in ms; `undefined` when it waits for ever. */
  get timeLeftMs(): number | undefined {
    return this.keeper.timeLeftMs(this);
  }

  /** The stream that the caller sends; an empty one if it sends none. */
  get stream(): IncomingStream<unknown> {
    return this.inlet?.stream ?? new ItemStream(emptyStream);
  }

  /** Answers with the items of a source, as the caller takes them. */
  answerWith(source: StreamSource, options: AnswerStreamOptions): void {
    if (this.id === undefined || this.isEvent) throw new TypeError('an event has no answer');
    if (!this.isSettled) this.keeper.stream(this, this.id, source, options);
  }

  /** Answers with one value. */
  answer(value: unknown): void {
    if (!this.isSettled) this.keeper.answer(this, value);
  }

  /** Ends without a further value. */
  complete(): void {
    if (!this.isSettled) this.keeper.finish(this);
  }

  fail(error: unknown): void {
    if (!this.isSettled) this.keeper.fail(this, error);
  }

  /** Nothing more comes of it. For the keeper. */
  settle(): void {
    this.isSettled = true;
    this.onCancel = undefined;
    this.stopAnswers();
    this.inlet?.close();
  }

  private stopAnswers(): void {
    const { answers } = this;
    this.answers = undefined;
    answers?.stop();
    if (answers?.stopped === undefined) return;
    this.isAtWork = true;
    void answers.stopped.then(() => this.returned());
  }

  /** Its handler has come to its end. For whoever runs it. */
  returned(): void {
    if (!this.isAtWork) return;
    this.isAtWork = false;
    if (this.isSettled) this.keeper.returned();
  }

  /** Stops what runs for it. For the keeper: it tells nobody. */
  cancel(reason: Error): void {
    const { onCancel } = this;
    this.isSettled = true;
    this.cancelReason = reason;
    this.controller?.abort(reason);
    this.settle();
    onCancel?.();
  }
}

function emptyStream(observer: ReplyObserver): undefined {
  observer.complete();
  return undefined;
}

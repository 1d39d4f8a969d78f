import type { CallId, Metadata } from '../protocol/messages.js';

/** Where a served call's answers go. */
export interface ServedCallKeeper {
  answer(call: ServedCall, value: unknown, isLast: boolean): void;
  finish(call: ServedCall): void;
  fail(call: ServedCall, error: unknown): void;
  timeLeftMs(call: ServedCall): number | undefined;
}

/**
 * A call or event from the other end, while its handlers run. It ends exactly once: answered,
 * failed, or cancelled (by the caller, its deadline, or a lost connection). What comes after
 * that is ignored.
 */
export class ServedCall {
  /** Set by whoever runs the handler: called once when the call is cancelled. */
  onCancel: ((reason: Error) => void) | undefined;
  isSettled = false;

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

  /** Answers with a value. */
  next(value: unknown, isLast: boolean): void {
    if (!this.isSettled) this.keeper.answer(this, value, isLast);
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
  }

  /** Stops what runs for it. For the keeper: it tells nobody. */
  cancel(reason: Error): void {
    const { onCancel } = this;
    this.settle();
    this.cancelReason = reason;
    this.controller?.abort(reason);
    onCancel?.(reason);
  }
}

import type { HeartwireError } from '../errors/heartwire-error.js';
import { fromWireError, toWireError } from '../errors/wire-error.js';
import { cancelText, creditText } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import type { AnswerWriter } from './answer-writer.js';
import { type BulkRoom, INITIAL_CREDIT, OutgoingStream, type StreamBounds } from './outgoing-stream.js';
import { Pieces } from './pieces.js';
import type { AnswerStreamOptions, ServedCall } from './served-call.js';
import { type InletRoom, StreamInlet } from './stream-inlet.js';
import type { StreamSource } from './stream-source.js';
import { forgiveUnheardFailures } from './unheard-failures.js';

/** What the streams of served calls need. */
export interface ServedStreamsHost {
  /** Whether the other end grants credit for streams; a simple peer takes what comes. */
  readonly grantsCredit: boolean;
  /** Where streams go. */
  readonly outbox: BulkRoom;
  sendAnswer(message: Outgoing): void;
}

/** The streams of served calls: those that answer them, and those that their callers send. */
export class ServedStreams {
  /** This end's own limit; `limits` has the other end's once that is known. */
  private readonly maxItemBytes: number;
  private readonly room: InletRoom;

  constructor(
    private readonly host: ServedStreamsHost,
    private readonly words: AnswerWriter,
    private readonly limits: StreamBounds & { readonly incomingStreamBytes: number },
  ) {
    this.maxItemBytes = limits.maxFrameBytes;
    this.room = { bytes: 0, maxBytes: limits.incomingStreamBytes };
  }

  /** What callers have sent and handlers have not taken. */
  get waitingBytes(): number {
    return this.room.bytes;
  }

  /** Answers with the items of a source, as the caller grants credit for them. */
  answer(
    call: ServedCall,
    id: CallId,
    source: StreamSource,
    { explain, overflow }: AnswerStreamOptions,
    finished: () => void,
  ): void {
    const { words } = this;
    const streamHost = {
      marksLast: true,
      cutsBytes: words.cutsBytes,
      item: (value: unknown, isLast: boolean, more: boolean) => {
        // The deadline bounds the first item only.
        call.deadlineAt = Infinity;
        return more ? words.piece(id, value as Uint8Array) : words.value(id, value, isLast);
      },
      end: () => words.end(id),
      failure: (error: unknown) => words.failure(id, toWireError(explain(error))),
      finished,
      stoppedWith: explain,
    };
    const credit = this.host.grantsCredit ? INITIAL_CREDIT : Infinity;
    call.answers = new OutgoingStream(streamHost, this.host.outbox, this.limits, credit, overflow);
    call.answers.start(source);
  }

  /** For the stream that a caller sends with its call. */
  inletFor(id: CallId, overflown: (error: HeartwireError) => void): StreamInlet {
    forgiveUnheardFailures();
    const host = {
      grant: (items: number) => {
        this.host.sendAnswer(creditText(id, items, true));
      },
      cancel: () => {
        this.host.sendAnswer(cancelText(id, true));
      },
      overflown,
    };
    return new StreamInlet(host, new Pieces(this.maxItemBytes), this.room);
  }
}

/** A caller's stream has ended, or failed at its source. */
export function endInlet(inlet: StreamInlet | undefined, err: unknown): void {
  if (err === undefined) inlet?.end();
  else inlet?.fail(fromWireError(err));
}

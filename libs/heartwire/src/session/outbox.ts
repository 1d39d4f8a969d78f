import type { Link } from '../link/link.js';
import type { Outgoing } from '../protocol/frame-encoder.js';

/** How much is handed to the link at once. What waits behind it can still be overtaken. */
const BATCH_BYTES = 262_144;

/** Calls that wait for their turn; pulled only when there is room to send. */
export interface CallSource {
  /** Hands over the next call's message, or `undefined` when none may go now. */
  take(): Outgoing | undefined;
}

/**
 * What a session has to say, in the order of its urgency: control messages, answers, calls.
 * Everything said within one tick leaves as one write. Answers are bounded by `maxBytes`; calls
 * wait in their source, which has a bound of its own.
 */
export class Outbox {
  private control: Outgoing[] = [];
  private answers: Outgoing[] = [];
  private answerBytes = 0;
  private link: Link | undefined;
  private hasRoom = false;
  private isScheduled = false;
  private isEnding = false;

  constructor(
    private readonly defer: (task: () => void) => void,
    private readonly calls: CallSource,
    private readonly maxBytes: number,
    private readonly onOverflow: (queuedBytes: number) => void,
  ) {}

  /** Bytes that wait here or in the link. */
  get queuedBytes(): number {
    return this.answerBytes + (this.link?.bufferedBytes ?? 0);
  }

  attach(link: Link): void {
    this.link = link;
    this.hasRoom = true;
    this.isEnding = false;
  }

  /** Forgets the link and all that was queued for it. */
  detach(): void {
    this.link = undefined;
    this.hasRoom = false;
    this.control = [];
    this.answers = [];
    this.answerBytes = 0;
  }

  pushControl(message: Outgoing): void {
    if (this.link === undefined) return;
    this.control.push(message);
    this.wake();
  }

  pushAnswer(message: Outgoing): void {
    if (this.link === undefined) return;
    this.answers.push(message);
    this.answerBytes += sizeOf(message);
    if (this.queuedBytes > this.maxBytes) this.onOverflow(this.queuedBytes);
    else this.wake();
  }

  /** Something may be sent: looks once the tick's work is done. */
  wake(): void {
    if (this.isScheduled || this.link === undefined) return;
    this.isScheduled = true;
    this.defer(this.flush);
  }

  /** The link has room again. */
  writable(): void {
    this.hasRoom = true;
    this.flush();
  }

  /** Sends what is queued, then ends the link. */
  end(): void {
    this.isEnding = true;
    this.flush();
  }

  private readonly flush = (): void => {
    this.isScheduled = false;
    const { link } = this;
    if (link === undefined) return;
    while (this.hasRoom) {
      const batch = this.nextBatch();
      if (batch.length === 0) {
        if (this.isEnding) link.end();
        return;
      }
      this.hasRoom = link.send(batch);
    }
  };

  private nextBatch(): Outgoing[] {
    const batch = this.control;
    this.control = [];
    let room = BATCH_BYTES;
    room -= this.takeAnswers(batch, room);
    while (room > 0) {
      const message = this.calls.take();
      if (message === undefined) break;
      batch.push(message);
      room -= sizeOf(message);
    }
    return batch;
  }

  private takeAnswers(batch: Outgoing[], room: number): number {
    if (this.answers.length === 0) return 0;
    let taken = 0;
    let bytes = 0;
    for (const answer of this.answers) {
      if (bytes >= room) break;
      batch.push(answer);
      bytes += sizeOf(answer);
      taken += 1;
    }
    this.answers = taken === this.answers.length ? [] : this.answers.slice(taken);
    this.answerBytes -= bytes;
    return bytes;
  }
}

function sizeOf(message: Outgoing): number {
  return typeof message === 'string' ? message.length : message.header.length + message.bytes.byteLength;
}

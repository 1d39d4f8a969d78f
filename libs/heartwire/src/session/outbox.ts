import type { Link } from '../link/link.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { bulkWindowBytes } from './bulk-window.js';
import type { Delivery } from './delivery.js';
import { Fifo } from './fifo.js';
import { sizeOf } from './message-size.js';
import type { BulkRoom } from './outgoing-stream.js';
import type { SendExcess, SendQueue } from './send-excess.js';
import type { SharedSendBuffer } from './shared-send-buffer.js';
import { WritePace } from './write-pace.js';

/** How much is handed to the link at once. What waits behind it can still be overtaken. */
const BATCH_BYTES = 262_144;
/** How much of streams waits here, and how much of it leaves at once, so that calls can overtake it. */
const BULK_BYTES = 131_072;

/** Calls that wait for their turn; pulled only when there is room to send. */
export interface CallSource {
  /** Hands over the next call's message, or `undefined` when none may go now. */
  take(): Outgoing | undefined;
}

export interface OutboxHost {
  /** More waits than may. */
  overflowed(): void;
}

/**
 * What a session has to say, in the order of its urgency: control messages, answers, calls, and
 * the items of streams. What is said within one tick leaves as one write, or a few. Answers and control
 * messages are bounded by `maxBytes` each, answers also by what is left of `shared`; calls and streams wait in their
 * sources, which have bounds of their own. What is handed to a link, `delivery` keeps.
 */
export class Outbox implements BulkRoom, SendQueue {
  private control: Outgoing[] = [];
  private controlBytes = 0;
  /** Handed to an earlier link, and not received there. `delivery` keeps it already. */
  private again: readonly Outgoing[] = [];
  private readonly answers = new Fifo<Outgoing>();
  private answerBytes = 0;
  /** Messages of streams, and what is to be done once those before it were handed over. */
  private readonly bulk = new Fifo<Outgoing | (() => void)>();
  private bulkBytes = 0;
  /** As {@link BulkRoom} has it: the queues of the streams count it. */
  aheadBytes = 0;
  /** Streams that have more to say, each in its turn. Made with the first. */
  private streams: Set<() => void> | undefined;
  private bulkWindow = bulkWindowBytes();
  private link: Link | undefined;
  private hasRoom = false;
  /** Only control messages leave before the session stands on its link. */
  private isOpen = false;
  private isScheduled = false;
  private readonly pace = new WritePace();
  private isEnding = false;
  private isFlushing = false;
  private readonly excess: SendExcess | undefined;

  constructor(
    private readonly defer: (task: () => void) => void,
    private readonly calls: CallSource,
    private readonly delivery: Delivery,
    private readonly maxBytes: number,
    private readonly host: OutboxHost,
    shared?: SharedSendBuffer,
  ) {
    this.excess = shared?.excessOf(this, maxBytes, host);
  }

  /** Bytes that wait here or in the link. */
  get queuedBytes(): number {
    return this.controlBytes + this.answerBytes + this.bulkBytes + (this.link?.bufferedBytes ?? 0);
  }

  /** Bytes that are kept for the other end: what it has not acknowledged, and what waits to be sent. */
  get keptBytes(): number {
    return this.answerBytes + this.bulkBytes + this.delivery.unacknowledgedBytes;
  }

  get takenBytes(): number | undefined {
    return this.link && this.link.bytesSent - this.link.bufferedBytes;
  }

  attach(link: Link): void {
    this.link = link;
    this.hasRoom = true;
    this.isOpen = false;
    this.isEnding = false;
  }

  /** The session stands on the link: answers and calls may leave, behind what must be sent again. */
  open(): void {
    this.isOpen = true;
    this.wake();
  }

  /** The link is gone. Answers wait for the next one; control messages were meant for the old. */
  detach(): void {
    this.link = undefined;
    this.hasRoom = false;
    this.takeControl();
    this.again = [];
  }

  /** Drops the answers and streams that wait: nobody is left who wants them. */
  clear(): void {
    this.answers.clear();
    this.answerBytes = 0;
    this.bulk.clear();
    this.bulkBytes = 0;
    this.streams?.clear();
    this.excess?.stop();
  }

  pushControl(message: Outgoing): void {
    if (this.link === undefined) return;
    this.control.push(message);
    this.controlBytes += sizeOf(message);
    this.wake();
  }

  pushAnswer(message: Outgoing): void {
    this.answers.push(message);
    this.answerBytes += sizeOf(message);
    if (this.queuedBytes > this.maxBytes && this.excess?.isAdmitted() !== true) this.host.overflowed();
    else this.wake();
  }

  get hasBulkRoom(): boolean {
    return this.bulkBytes < BULK_BYTES;
  }

  /** A round trip of the link took so long, in ms. */
  followRoundTrip(roundTripMs: number | undefined): void {
    this.bulkWindow = bulkWindowBytes(roundTripMs);
  }

  pushBulk(message: Outgoing): void {
    this.bulk.push(message);
    this.bulkBytes += sizeOf(message);
    this.schedule();
  }

  afterBulk(task: () => void): void {
    this.bulk.push(task);
    this.schedule();
  }

  /** Calls `waiter` once, when there is room. */
  whenBulkRoom(waiter: () => void): void {
    this.streams ??= new Set();
    this.streams.add(waiter);
    this.schedule();
  }

  forgetBulk(waiter: () => void): void {
    this.streams?.delete(waiter);
  }

  /** Sends again what the other end has not received. To be called before `open`, which lets new things leave. */
  replay(): void {
    this.again = this.delivery.unacknowledged();
    this.wake();
  }

  /** Something may be sent: looks once the tick's work is done, or sooner if that is much. */
  wake(): void {
    if (!this.isScheduled) {
      this.schedule();
      return;
    }
    this.pace.more();
    if (!this.pace.isWriteDue || !this.hasRoom) return;
    this.pace.wrote();
    this.sendOnce(false);
  }

  /** The link has room again. */
  writable(): void {
    this.hasRoom = true;
    this.flush();
    this.excess?.shrunk();
  }

  /** Sends what is queued, then ends the link. */
  end(): void {
    this.isEnding = true;
    this.flush();
  }

  private schedule(): void {
    if (this.isScheduled || this.link === undefined) return;
    this.isScheduled = true;
    this.pace.begin();
    this.defer(this.flush);
  }

  private readonly flush = (): void => {
    this.isScheduled = false;
    this.sendOnce(true);
  };

  private sendOnce(withBulk: boolean): void {
    // What is taken may end the session: its batch still goes before the link's end.
    if (this.isFlushing) return;
    this.isFlushing = true;
    try {
      this.send(withBulk);
    } finally {
      this.isFlushing = false;
    }
  }

  /** Streams are for the end of a tick: which of their items is the last is known then. */
  private send(withBulk: boolean): void {
    const { link } = this;
    if (link === undefined) return;
    while (this.hasRoom) {
      const batch = this.nextBatch(withBulk);
      if (batch.length === 0) {
        if (this.isEnding && withBulk) link.end();
        return;
      }
      this.hasRoom = link.send(batch);
    }
    // A peer that asks and asks, and doesn't read what it is told.
    if (this.controlBytes > this.maxBytes) this.host.overflowed();
  }

  private nextBatch(withBulk: boolean): Outgoing[] {
    const batch = this.takeControl();
    if (!this.isOpen) return batch;
    let bytes = this.takeAgain(batch);
    // Nothing new goes before what must be sent again.
    if (this.again.length > 0) return batch;
    bytes += this.takeAnswers(batch, bytes);
    while (bytes < BATCH_BYTES && !this.delivery.isWindowFull) {
      const message = this.calls.take();
      if (message === undefined) break;
      bytes += this.handOver(message, batch);
    }
    if (withBulk && bytes < BULK_BYTES) this.takeBulk(batch);
    return batch;
  }

  private takeControl(): Outgoing[] {
    const { control } = this;
    this.control = [];
    this.controlBytes = 0;
    return control;
  }

  private takeAgain(batch: Outgoing[]): number {
    let bytes = 0;
    let taken = 0;
    for (const message of this.again) {
      if (bytes >= BATCH_BYTES) break;
      batch.push(message);
      bytes += sizeOf(message);
      taken += 1;
    }
    if (taken > 0) this.again = this.again.slice(taken);
    return bytes;
  }

  private takeAnswers(batch: Outgoing[], before: number): number {
    let bytes = 0;
    while (this.answers.length > 0 && before + bytes < BATCH_BYTES && !this.delivery.isWindowFull) {
      bytes += this.handOver(this.answers.shift() ?? '', batch);
    }
    this.answerBytes -= bytes;
    return bytes;
  }

  private takeBulk(batch: Outgoing[]): void {
    for (const fill of this.streams ?? []) {
      if (!this.hasBulkRoom) break;
      this.streams?.delete(fill);
      fill();
    }
    let bytes = 0;
    while (
      this.bulk.length > 0 &&
      bytes < BULK_BYTES &&
      !this.delivery.isWindowFull &&
      this.delivery.unacknowledgedBytes < this.bulkWindow
    ) {
      const next = this.bulk.shift() ?? '';
      if (typeof next === 'function') next();
      else bytes += this.handOver(next, batch);
    }
    this.bulkBytes -= bytes;
  }

  private handOver(message: Outgoing, batch: Outgoing[]): number {
    batch.push(message);
    this.delivery.handedOver(message);
    return sizeOf(message);
  }
}

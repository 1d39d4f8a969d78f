import type { Outgoing } from '../protocol/outgoing.js';
import { Fifo } from './fifo.js';
import { sizeOf } from './message-size.js';

/** What all Observables of a connection are ahead of their receivers. */
export interface AheadRoom {
  /** In bytes. The queues of the streams count it. */
  aheadBytes: number;
}

/** The items of a stream that wait for its receiver, as the messages that say them. */
export class StreamQueue {
  bytes = 0;
  private readonly items = new Fifo<readonly Outgoing[]>();
  /** Of its bytes, those that an Observable has said: it can't be told to wait. */
  private aheadBytes = 0;

  constructor(private readonly room: AheadRoom) {}

  get length(): number {
    return this.items.length;
  }

  /** @param couldWait whether its source was asked for the item */
  push(item: readonly Outgoing[], couldWait: boolean): void {
    this.items.push(item);
    const bytes = bytesOf(item);
    this.bytes += bytes;
    if (!couldWait) this.goAhead(bytes);
  }

  shift(): readonly Outgoing[] {
    const item = this.items.shift() ?? [];
    const bytes = bytesOf(item);
    this.bytes -= bytes;
    this.goAhead(-Math.min(bytes, this.aheadBytes));
    return item;
  }

  clear(): void {
    this.items.clear();
    this.bytes = 0;
    this.goAhead(-this.aheadBytes);
  }

  private goAhead(bytes: number): void {
    this.aheadBytes += bytes;
    this.room.aheadBytes += bytes;
  }
}

export function bytesOf(item: readonly Outgoing[]): number {
  let bytes = 0;
  for (const message of item) bytes += sizeOf(message);
  return bytes;
}

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { EventMessage } from '../protocol/messages.js';
import { ownMemory } from '../protocol/own-memory.js';
import { Fifo } from './fifo.js';

interface Entry {
  readonly message: EventMessage;
  readonly sizeBytes: number;
}

/** Events that came faster than their handlers finish. In order, and bounded. */
export class EventBacklog {
  bytes = 0;
  private readonly entries = new Fifo<Entry>();
  private isDraining = false;

  constructor(
    private readonly maxEvents: number,
    private readonly maxBytes: number,
  ) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** @throws HeartwireError `OVERLOADED` at the bound: the connection ends. */
  push(message: EventMessage, sizeBytes: number): void {
    const count = this.entries.length;
    if (count >= this.maxEvents || this.bytes + sizeBytes > this.maxBytes) {
      throw new HeartwireError(
        ErrorCode.OVERLOADED,
        `${String(count)} events are waiting on this connection already`,
        {
          sent: 'maybe',
        },
      );
    }
    this.entries.push({ message: { ...message, data: ownMemory(message.data) }, sizeBytes });
    this.bytes += sizeBytes;
  }

  /** Has those started, in order, for which there is room. Returns whether some are left. */
  drain(hasRoom: () => boolean, start: (message: EventMessage) => void): boolean {
    // One that is over at once makes room for the next: who drains sees it, and the stack doesn't grow with each.
    if (this.isDraining) return false;
    this.isDraining = true;
    try {
      while (!this.isEmpty && hasRoom()) {
        const next = this.shift();
        if (next !== undefined) start(next);
      }
    } finally {
      this.isDraining = false;
    }
    return !this.isEmpty;
  }

  shift(): EventMessage | undefined {
    const entry = this.entries.shift();
    if (entry === undefined) return undefined;
    this.bytes -= entry.sizeBytes;
    return entry.message;
  }

  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }
}

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { EventMessage } from '../protocol/messages.js';

interface Entry {
  readonly message: EventMessage;
  readonly sizeBytes: number;
}

/** Events that came faster than their handlers finish. In order, and bounded. */
export class EventBacklog {
  private entries: Entry[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    private readonly maxEvents: number,
    private readonly maxBytes: number,
  ) {}

  get isEmpty(): boolean {
    return this.head === this.entries.length;
  }

  /** @throws HeartwireError `OVERLOADED` at the bound: the connection ends. */
  push(message: EventMessage, sizeBytes: number): void {
    const count = this.entries.length - this.head;
    if (count >= this.maxEvents || this.bytes + sizeBytes > this.maxBytes) {
      throw new HeartwireError(
        ErrorCode.OVERLOADED,
        `${String(count)} events are waiting on this connection already`,
        {
          sent: 'maybe',
        },
      );
    }
    this.entries.push({ message, sizeBytes });
    this.bytes += sizeBytes;
  }

  shift(): EventMessage | undefined {
    const entry = this.entries[this.head];
    if (entry === undefined) return undefined;
    this.head += 1;
    this.bytes -= entry.sizeBytes;
    // Taken entries are let go of in bulk, so that each costs the same however long the line is.
    if (this.head > 1_024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return entry.message;
  }

  clear(): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
  }
}

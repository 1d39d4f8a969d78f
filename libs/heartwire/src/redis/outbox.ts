import type { RedisConnection } from './redis-connection.js';

interface Waiting {
  readonly fields: readonly (string | Buffer)[];
  readonly bytes: number;
}

export interface OutboxOwner {
  /** Redis has an entry. */
  confirmed(): void;
  /** The connection did not take an entry. */
  failed(connection: RedisConnection, error: unknown): void;
  /** An entry was left out, as too much waits. */
  full(): void;
}

/** What an entry takes beside its fields, in bytes, about. */
const ENTRY_BYTES = 200;
/** The part of the stream that one instance may fill ahead of what it has read of it itself. */
const AHEAD_SHARE = 1 / 8;

/**
 * What this instance has to say, in order, until Redis says that it has it. After a break everything that was not
 * confirmed is sent again, with the same sequence: who has it already knows it by that.
 *
 * A burst goes no faster than this instance reads it back: the others read as fast, and Redis would otherwise let go of
 * entries that they have not read yet.
 */
export class Outbox {
  private readonly waiting = new Map<number, Waiting>();
  private waitingBytes = 0;
  private sequence = 0;
  /** The first that was not handed to the connection yet. */
  private nextToSend = 1;
  /** Those that were handed to the connection and not read back yet. */
  private ahead: number[] = [];
  private readonly mayBeAhead: number;
  private connection: RedisConnection | undefined;
  private tellSettled: (() => void) | undefined;

  constructor(
    private readonly name: string,
    private readonly limits: { readonly maxLength: number; readonly maxQueueBytes: number },
    private readonly owner: OutboxOwner,
  ) {
    this.mayBeAhead = Math.ceil(limits.maxLength * AHEAD_SHARE);
  }

  get size(): number {
    return this.waiting.size;
  }

  /**
   * Where no room is left, the entry is left out, and its sequence shows the others that something is missing.
   * `false` then.
   */
  put(notice: readonly (string | Buffer)[], noticeBytes: number): boolean {
    this.sequence += 1;
    const bytes = noticeBytes + ENTRY_BYTES;
    if (this.waitingBytes + bytes > this.limits.maxQueueBytes && this.waiting.size > 0) {
      this.owner.full();
      return false;
    }
    const entry = { fields: ['from', this.name, 'seq', String(this.sequence), ...notice], bytes };
    this.waiting.set(this.sequence, entry);
    this.waitingBytes += bytes;
    this.sendOn();
    return true;
  }

  /** Sends all that waits, and what follows, over this connection. */
  use(connection: RedisConnection): void {
    this.connection = connection;
    [this.nextToSend = this.sequence + 1] = this.waiting.keys();
    this.ahead = [];
    this.sendOn();
  }

  /** An entry of this instance was read from the stream. */
  heard(sequence: number): void {
    while (this.ahead[0] !== undefined && this.ahead[0] <= sequence) this.ahead.shift();
    this.sendOn();
  }

  /** All that is in the stream was read: what was not among it is gone. */
  caughtUp(): void {
    this.ahead = [];
    this.sendOn();
  }

  /** There is no connection now. */
  release(): void {
    this.connection = undefined;
    this.tellSettled?.();
  }

  /** Gives the connection up. */
  fail(error: unknown): void {
    if (this.connection !== undefined) this.owner.failed(this.connection, error);
  }

  /** Resolves once nothing waits, or there is no connection that it could go over. */
  async settled(): Promise<void> {
    if (this.waiting.size === 0 || this.connection === undefined) return;
    await new Promise<void>((resolve) => {
      this.tellSettled = resolve;
    });
  }

  private sendOn(): void {
    const { connection } = this;
    if (connection === undefined) return;
    while (this.nextToSend <= this.sequence && this.ahead.length < this.mayBeAhead) {
      const sequence = this.nextToSend;
      const entry = this.waiting.get(sequence);
      this.nextToSend += 1;
      if (entry === undefined) continue;
      this.ahead.push(sequence);
      this.send(connection, sequence, entry);
    }
  }

  private send(connection: RedisConnection, sequence: number, { fields }: Waiting): void {
    connection.append(fields, this.limits.maxLength).then(
      () => {
        this.confirm(sequence);
      },
      (error: unknown) => {
        if (connection === this.connection) this.owner.failed(connection, error);
      },
    );
  }

  private confirm(sequence: number): void {
    const entry = this.waiting.get(sequence);
    if (entry === undefined) return;
    this.waiting.delete(sequence);
    this.waitingBytes -= entry.bytes;
    this.owner.confirmed();
    if (this.waiting.size === 0) this.tellSettled?.();
  }
}

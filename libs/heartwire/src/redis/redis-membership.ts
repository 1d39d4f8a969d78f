import { BehaviorSubject } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { messageOf } from '../errors/thrown.js';
import type { AdapterStatus, HubMember, HubNews, HubMembership } from '../options/hub-adapter.js';
import { monotonicClock } from '../timing/clock.js';
import { type Notice, noticeFields, sizeOf } from './entry.js';
import { InstanceProtocol } from './instance-protocol.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import type { RawEntry, RedisConnection } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import { type StreamReaderOwner, StreamReader } from './stream-reader.js';
import { ThrottledWarning } from './throttled-warning.js';

/** How long `close` waits for Redis to take what is still to be said. */
const CLOSE_MS = 2_000;
/** How many heartbeats Redis may let pass without confirming anything. */
const PATIENCE_BEATS = 3;

/** One instance at the stream: it says what its hub has to tell, and hears what the others do. */
export class RedisMembership implements HubMembership, StreamReaderOwner, OutboxOwner {
  private readonly statusSubject = new BehaviorSubject<AdapterStatus>('degraded');
  readonly status$ = this.statusSubject.asObservable();

  private readonly outbox: Outbox;
  private readonly protocol: InstanceProtocol;
  private readonly reader: StreamReader;
  private readonly away: ThrottledWarning;
  private readonly noRoom: ThrottledWarning;
  private readonly heartbeat: ReturnType<typeof setInterval>;
  private awaySince: number | undefined;
  private hasSpoken = false;
  private unconfirmedBeats = 0;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: ResolvedRedisOptions,
    private readonly member: HubMember,
  ) {
    const warn = (message: string): void => {
      member.logger.warn(message);
    };
    this.away = new ThrottledWarning(warn);
    this.noRoom = new ThrottledWarning(warn);
    const name = globalThis.crypto.randomUUID();
    this.outbox = new Outbox(name, options, this);
    this.protocol = new InstanceProtocol({ ...options, name }, member, {
      say: (notice, to) => {
        this.say(notice, to);
      },
      heardOwn: (sequence) => {
        this.outbox.heard(sequence);
      },
    });
    this.say({ type: 'hello' });
    this.reader = new StreamReader(options, this);
    this.heartbeat = setInterval(() => {
      this.beat();
    }, options.heartbeatIntervalMs);
  }

  get status(): AdapterStatus {
    return this.statusSubject.value;
  }

  publish(news: HubNews, to?: string): void {
    if (this.closing !== undefined) return;
    const isKept = this.say(news, to);
    // Nobody would hear of it, and nobody answer.
    if (!isKept && news.type === 'call') throw new HeartwireError(ErrorCode.QUEUE_FULL, this.fullText);
  }

  close(): Promise<void> {
    this.closing ??= this.closeInOrder();
    return this.closing;
  }

  connected(connection: RedisConnection): void {
    this.unconfirmedBeats = 0;
    this.protocol.begin();
    this.outbox.use(connection);
    // Only what Redis confirms shows that it takes anything.
    if (this.outbox.size === 0) this.say({ type: 'beat' });
  }

  lost(error: unknown): void {
    this.outbox.release();
    this.awaySince ??= monotonicClock.now();
    if (this.status === 'up') this.statusSubject.next('degraded');
    this.away.give(
      `Redis can't be reached (${messageOf(error)}): only the clients of this instance are, until it is back`,
    );
  }

  entry(raw: RawEntry): void {
    this.protocol.take(raw);
  }

  caughtUp(moment: number): void {
    this.outbox.caughtUp();
    this.protocol.judge(moment);
  }

  confirmed(): void {
    this.unconfirmedBeats = 0;
    if (this.status === 'up') return;
    this.away.settle();
    this.noRoom.settle();
    if (this.awaySince !== undefined) {
      const seconds = ((monotonicClock.now() - this.awaySince) / 1_000).toFixed(1);
      this.member.logger.log(`Redis is back after ${seconds} s`);
    }
    this.awaySince = undefined;
    this.statusSubject.next('up');
  }

  failed(connection: RedisConnection, error: unknown): void {
    connection.destroy(error);
  }

  full(): void {
    this.noRoom.give(`${this.fullText}: what is pushed now doesn't reach other instances`);
  }

  private get fullText(): string {
    return `${String(this.options.maxQueueBytes)} bytes wait for Redis (maxQueueBytes)`;
  }

  private say(notice: Notice, to?: string): boolean {
    const fields = noticeFields(notice, to, this.options.maxEntryBytes);
    this.hasSpoken = true;
    return this.outbox.put(fields, sizeOf(fields));
  }

  private beat(): void {
    this.reader.beat();
    if (this.outbox.size > 0) this.unconfirmedBeats += 1;
    if (this.unconfirmedBeats > PATIENCE_BEATS) this.outbox.fail(new Error('it does not answer'));
    // While something waits, that will show that this instance is there.
    if (!this.hasSpoken && this.outbox.size === 0) this.say({ type: 'beat' });
    this.hasSpoken = false;
  }

  private async closeInOrder(): Promise<void> {
    this.say({ type: 'bye' });
    if (this.status === 'up') {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([this.outbox.settled(), late]);
      clearTimeout(timer);
    }
    clearInterval(this.heartbeat);
    this.reader.close();
    await this.reader.ended;
    this.statusSubject.complete();
  }
}

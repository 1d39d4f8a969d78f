import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { formatAddress, type Target } from '../options/address.js';
import type { Resolve, ResolveQuestion } from '../options/resolve.js';
import type { Backoff } from '../timing/backoff.js';
import { questionFor, type Replica, replicaAt, replicasOf } from './replica.js';

export interface NameWatchSettings {
  readonly resolve: Resolve;
  readonly resolveIntervalMs: number;
  /** How long one look-up may take, in ms. */
  readonly connectTimeoutMs: number;
}

export interface NameWatchListener {
  /** Other servers than before, or the same ones again. */
  found(): void;
  failed(error: HeartwireError): void;
}

/**
 * Keeps the servers behind one target known: looks its name up now and then, and when asked. A
 * failed look-up changes nothing about what is known.
 */
export class NameWatch {
  /** What was found last. */
  replicas: readonly Replica[] = [];
  /** Look-ups that failed in a row. */
  failures = 0;

  private readonly question: ResolveQuestion | undefined;
  /** Until the next look-up or, while one is under way, until that has taken too long. */
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;
  private isStopped = false;

  constructor(
    private readonly target: Target,
    private readonly settings: NameWatchSettings,
    /** Between failed look-ups, as long as none has succeeded. */
    private readonly backoff: Backoff,
    private readonly listener: NameWatchListener,
  ) {
    this.question = questionFor(target);
    if (target.kind !== 'srv' && this.question === undefined) this.replicas = [replicaAt(target)];
  }

  /** Whether it is known where the servers are. */
  get isResolved(): boolean {
    return this.replicas.length > 0;
  }

  /** Looks the name up now, unless that is under way already. */
  readonly refresh = (): void => {
    if (this.question === undefined || this.isAsking || this.isStopped) return;
    clearTimeout(this.timer);
    this.isAsking = true;
    this.ask(this.question).then(
      (replicas) => {
        if (!this.isStopped) this.found(replicas);
      },
      (error: unknown) => {
        if (!this.isStopped) this.failed(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      },
    );
  };

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private found(replicas: readonly Replica[]): void {
    this.failures = 0;
    this.backoff.reset();
    this.replicas = replicas;
    this.again(this.settings.resolveIntervalMs);
    this.listener.found();
  }

  private failed(error: HeartwireError): void {
    this.failures += 1;
    this.again(this.isResolved ? this.settings.resolveIntervalMs : this.backoff.next());
    this.listener.failed(error);
  }

  private again(delayMs: number): void {
    this.isAsking = false;
    this.timer = setTimeout(this.refresh, delayMs);
  }

  private async ask(question: ResolveQuestion): Promise<readonly Replica[]> {
    const { resolve, connectTimeoutMs } = this.settings;
    const url = formatAddress(this.target);
    const late = new Promise<never>((_, reject) => {
      this.timer = setTimeout(() => {
        const message = `${url} could not be looked up within ${String(connectTimeoutMs)} ms`;
        reject(new HeartwireError(ErrorCode.CONNECT_TIMEOUT, message));
      }, connectTimeoutMs);
    });
    try {
      const replicas = replicasOf(this.target, await Promise.race([resolve(question), late]));
      if (replicas.length > 0) return replicas;
    } finally {
      clearTimeout(this.timer);
    }
    throw new HeartwireError(ErrorCode.CONNECT_FAILED, `no server is known for ${url}`);
  }
}

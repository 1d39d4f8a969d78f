import type { HeartwireError } from '../errors/heartwire-error.js';
import { oneLine } from '../protocol/peer-text.js';
import { UNUSED } from '../session/reasons.js';
import type { Clock } from '../timing/clock.js';

/** While a server stays away, one line each half minute is enough. */
const REPEAT_MS = 30_000;

/** The part of Nest's Logger that is used. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
}

/** Tells when a connection was lost, why, and when it is back, without flooding. */
export class ConnectionLog {
  private lastWarningAt = -Infinity;

  constructor(
    private readonly logger: Logger,
    /** The server, for people. */
    private readonly target: string,
    private readonly clock: Clock,
  ) {}

  connected(remote: string, afterMs: number, attempts: number): void {
    this.lastWarningAt = -Infinity;
    const tries = attempts === 1 ? '' : ` and ${String(attempts)} attempts`;
    this.logger.log(
      `Connected to ${this.target} (${remote}) after ${String(Math.round(afterMs))} ms${tries}`,
    );
  }

  lost(reason: HeartwireError): void {
    this.logger.warn(`Lost the connection to ${this.target}: ${reason.code}, ${reason.message}`);
  }

  gaveUp(error: HeartwireError): void {
    this.logger.warn(
      `No connection to ${this.target}, and no further attempt: ${error.code}, ${error.message}`,
    );
  }

  attemptFailed(error: HeartwireError): void {
    this.warn(`No connection to ${this.target} yet, trying on`, error);
  }

  /** The servers that were found before are connected: nothing is amiss yet. */
  lookUpFailed(error: HeartwireError): void {
    this.warn(`A name of ${this.target} could not be looked up, the servers known so far stay`, error);
  }

  private warn(what: string, { code, message }: HeartwireError): void {
    const now = this.clock.now();
    if (now - this.lastWarningAt < REPEAT_MS) return;
    this.lastWarningAt = now;
    this.logger.warn(`${what}: ${code}, ${message}`);
  }

  goaway(reason: string): void {
    const what =
      reason === UNUSED
        ? 'closes the connection, as nobody uses it'
        : `is going away (${oneLine(reason)}): new calls take a new connection`;
    this.logger.log(`${this.target} ${what}`);
  }
}

import type { HeartwireError } from '../errors/heartwire-error.js';
import { oneLine } from '../protocol/peer-text.js';
import { UNUSED } from '../session/reasons.js';
import type { Clock } from '../timing/clock.js';

/** While a server stays away, one line each half minute is enough. */
const REPEAT_MS = 30_000;
/** Of a server that comes and goes again and again, so many departures are told in that time. */
const TOLD_DEPARTURES = 10;

/** The part of Nest's Logger that is used. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
}

/** Tells when a connection was lost, why, and when it is back, without flooding. */
export class ConnectionLog {
  private lastWarningAt = -Infinity;
  private departuresSince = -Infinity;
  private departures = 0;
  /** The last departure was not told, nor anything since. */
  private isQuiet = false;

  constructor(
    private readonly logger: Logger,
    /** The server, for people. */
    private readonly target: string,
    private readonly clock: Clock,
  ) {}

  connected(remote: string, afterMs: number, attempts: number): void {
    if (!this.isFrequent) this.lastWarningAt = -Infinity;
    else if (this.isQuiet) return;
    const tries = attempts === 1 ? '' : ` and ${String(attempts)} attempts`;
    this.logger.log(
      `Connected to ${this.target} (${remote}) after ${String(Math.round(afterMs))} ms${tries}`,
    );
  }

  lost(reason: HeartwireError): void {
    const line = `Lost the connection to ${this.target}: ${reason.code}, ${reason.message}`;
    this.departed(line, (text) => this.logger.warn(text));
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
    this.isQuiet = false;
    this.logger.warn(`${what}: ${code}, ${message}`);
  }

  goaway(reason: string): void {
    const what =
      reason === UNUSED
        ? 'closes the connection, as nobody uses it'
        : `is going away (${oneLine(reason)}): new calls take a new connection`;
    this.departed(`${this.target} ${what}`, (text) => this.logger.log(text));
  }

  private get isFrequent(): boolean {
    return this.departures > TOLD_DEPARTURES && this.clock.now() - this.departuresSince < REPEAT_MS;
  }

  private departed(line: string, tell: (text: string) => void): void {
    const now = this.clock.now();
    if (now - this.departuresSince >= REPEAT_MS) {
      this.departuresSince = now;
      this.departures = 0;
    }
    this.departures += 1;
    this.isQuiet = this.isFrequent;
    if (this.isQuiet) return;
    const isLast = this.departures === TOLD_DEPARTURES;
    tell(isLast ? `${line} (again and again: not told any more for a while)` : line);
  }
}

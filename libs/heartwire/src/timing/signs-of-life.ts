import type { Clock } from './clock.js';

/** What the other end is heard through. */
export interface HeardLink {
  /** The moment of the last byte received, on the clock. */
  readonly heardAt: number;
  /** Whether what the other end says is read now: else its silence says nothing. Default: always. */
  readonly isReading?: boolean;
}

export interface SignsOfLifeInput {
  /** Whether any byte is a sign of life, or only a pong. Default: true. */
  readonly countTraffic?: boolean | undefined;
  readonly clock: Clock;
  readonly link: HeardLink;
}

/** When the other end last gave a sign of life, by what counts as one. */
export class SignsOfLife {
  private answeredAt: number;

  constructor(private readonly input: SignsOfLifeInput) {
    this.answeredAt = input.clock.now();
  }

  /** The moment of the last one. */
  get at(): number {
    const { countTraffic = true, clock, link } = this.input;
    if (countTraffic) return link.heardAt;
    // Its pongs wait behind what it may not say yet.
    if (link.isReading === false) this.answeredAt = clock.now();
    return this.answeredAt;
  }

  /** A pong is here. */
  answered(): void {
    this.answeredAt = this.input.clock.now();
  }
}

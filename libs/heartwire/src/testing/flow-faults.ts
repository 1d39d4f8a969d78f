/** How a connection ends: in order, or as though the other end had crashed. */
export type Ending = 'close' | 'reset';

/** What happens to all that goes in one direction through a proxy. */
export class FlowFaults {
  delayMs = 0;
  jitterMs = 0;
  bytesPerSecond = Infinity;
  swallows = false;
  /** How many of all bytes are changed, from 0 to 1. */
  corruptShare = 0;
  /** Over all connections. */
  passedBytes = 0;
  private cutAfter: { leftBytes: number; readonly ending: Ending } | undefined;

  /** @param random uniform in [0, 1) */
  constructor(private readonly random: () => number) {}

  /** Once so many bytes have passed, over all connections, the one that carried the last of them ends. */
  cutAfterBytes(bytes: number, ending: Ending): void {
    this.cutAfter = { leftBytes: bytes, ending };
  }

  heal(): void {
    this.delayMs = 0;
    this.jitterMs = 0;
    this.bytesPerSecond = Infinity;
    this.swallows = false;
    this.corruptShare = 0;
    this.cutAfter = undefined;
  }

  /** How long the next piece is held back, in ms. */
  nextDelayMs(): number {
    return this.delayMs + (this.jitterMs === 0 ? 0 : this.jitterMs * this.random());
  }

  /** What may pass of these bytes, and how the connection ends after them, if it does. */
  admit(bytes: Buffer): { readonly passed: Buffer; readonly ending: Ending | undefined } {
    const { cutAfter } = this;
    if (cutAfter === undefined) return { passed: bytes, ending: undefined };
    if (bytes.length < cutAfter.leftBytes) {
      cutAfter.leftBytes -= bytes.length;
      return { passed: bytes, ending: undefined };
    }
    this.cutAfter = undefined;
    return { passed: bytes.subarray(0, cutAfter.leftBytes), ending: cutAfter.ending };
  }

  /** Flips one bit in some of the bytes. */
  corrupt(bytes: Buffer): void {
    if (this.corruptShare === 0) return;
    for (let index = 0; index < bytes.length; index++) {
      if (this.random() >= this.corruptShare) continue;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << Math.floor(this.random() * 8));
    }
  }
}

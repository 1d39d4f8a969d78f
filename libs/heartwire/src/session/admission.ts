import { overloaded, type Refusal } from './refusal.js';

/** How many calls run in this process, over all connections of one server. */
export class Admission {
  /** What a call beyond them is told. */
  readonly refusal: Refusal;
  private running = 0;
  private isHandingOut = false;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly max: number) {
    this.refusal = overloaded(max, 'in this process');
  }

  get isFull(): boolean {
    return this.running >= this.max;
  }

  enter(): void {
    this.running += 1;
  }

  leave(): void {
    this.running -= 1;
    // What is started may be over at once, and make room for more: the first to leave sees to that.
    if (this.isHandingOut) return;
    this.isHandingOut = true;
    try {
      this.handOut();
    } finally {
      this.isHandingOut = false;
    }
  }

  /** Calls `startMore` once, when there is room again. */
  whenRoom(startMore: () => void): void {
    this.waiting.add(startMore);
  }

  forget(startMore: () => void): void {
    this.waiting.delete(startMore);
  }

  private handOut(): void {
    for (const startMore of this.waiting) {
      if (this.isFull) return;
      this.waiting.delete(startMore);
      startMore();
    }
  }
}

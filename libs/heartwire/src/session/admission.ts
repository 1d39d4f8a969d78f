import { overloaded, type Refusal } from './refusal.js';

/** How many calls run in this process, over all connections of one server. */
export class Admission {
  /** What a call beyond them is told. */
  readonly refusal: Refusal;
  private running = 0;
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
    for (const startMore of this.waiting) {
      if (this.isFull) return;
      this.waiting.delete(startMore);
      startMore();
    }
  }

  /** Calls `startMore` once, when there is room again. */
  whenRoom(startMore: () => void): void {
    this.waiting.add(startMore);
  }

  forget(startMore: () => void): void {
    this.waiting.delete(startMore);
  }
}

const FIRST_SLOTS = 16;

/**
 * First in, first out, in a ring that is used again and again. An array that is cut and copied
 * leaves its old self behind, which keeps everything in it alive until the next full collection.
 */
export class Fifo<T> implements Iterable<T> {
  length = 0;

  /** Made when it is first of use: most of them wait empty. */
  private slots: (T | undefined)[] = [];
  private head = 0;

  push(item: T): void {
    if (this.length === this.slots.length) this.grow();
    this.slots[(this.head + this.length) & (this.slots.length - 1)] = item;
    this.length += 1;
  }

  /** Takes the one that came first. */
  shift(): T | undefined {
    const item = this.slots[this.head];
    if (this.length === 0) return undefined;
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.length -= 1;
    return item;
  }

  clear(): void {
    this.slots = [];
    this.head = 0;
    this.length = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index++) {
      yield this.slots[(this.head + index) & (this.slots.length - 1)] as T;
    }
  }

  private grow(): void {
    const items = [...this];
    const added = Math.max(items.length, FIRST_SLOTS);
    this.slots = items.concat(new Array<T | undefined>(added).fill(undefined) as T[]);
    this.head = 0;
  }
}

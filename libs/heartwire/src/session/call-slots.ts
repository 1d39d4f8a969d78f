import type { CallId } from '../protocol/messages.js';

const FIRST_SLOTS = 16;

/**
 * Calls by their numbers, at most one in a slot: a call's slot is its number modulo the number of slots. Unlike a
 * `Map`, which throws its table away again and again, it leaves nothing behind that keeps settled calls alive.
 */
export class CallSlots<Call extends { readonly id: CallId | undefined }> implements Iterable<Call> {
  count = 0;

  /** Made with the first call: most ends of connections have none. */
  private slots: (Call | undefined)[] = [];

  /** Whether a call can have this number; at most half of the slots are taken then. */
  hasRoomFor(id: number): boolean {
    if (this.count * 2 >= this.slots.length) this.grow();
    return this.slots[this.slotOf(id)] === undefined;
  }

  /** Adds a call that there is room for. */
  add(call: Call, id: number): void {
    this.slots[this.slotOf(id)] = call;
    this.count += 1;
  }

  /** The other end may speak of what never was, and number its calls with texts. */
  get(id: CallId): Call | undefined {
    const call = this.slots[this.slotOf(id)];
    return call?.id === id ? call : undefined;
  }

  /** Returns whether the call was there. */
  remove(call: Call): boolean {
    const slot = this.slotOf(call.id);
    if (this.slots[slot] !== call) return false;
    this.slots[slot] = undefined;
    this.count -= 1;
    return true;
  }

  *[Symbol.iterator](): Iterator<Call> {
    for (const call of this.slots) if (call !== undefined) yield call;
  }

  /** What is no number is looked for in some slot, where it is not. */
  private slotOf(id: CallId | undefined): number {
    return (id as number) & (this.slots.length - 1);
  }

  private grow(): void {
    const calls = [...this];
    this.slots = new Array<Call | undefined>(Math.max(this.slots.length * 2, FIRST_SLOTS)).fill(undefined);
    // No two meet: slots that were different modulo the smaller number are so modulo the larger one.
    for (const call of calls) this.slots[this.slotOf(call.id)] = call;
  }
}

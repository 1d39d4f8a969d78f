import type { CallId } from '../protocol/messages.js';

const FIRST_SLOTS = 16;

/**
 * Calls by their numbers, at most one in a slot: a call's slot is its number modulo the number of slots. Unlike a
 * `Map`, which throws its table away again and again, it leaves nothing behind that keeps settled calls alive.
 */
export class CallSlots<Call extends { readonly id: CallId | undefined }> implements Iterable<Call> {
  /** Made with the first call: most ends of connections have none. */
  private slots: (Call | undefined)[] = [];

  /** At most half of the slots are taken when one is added to so many. */
  makeRoomBeside(count: number): void {
    if (count * 2 >= this.slots.length) this.grow();
  }

  isFree(id: number): boolean {
    return this.slots[this.slotOf(id)] === undefined;
  }

  get(id: number): Call | undefined {
    const call = this.slots[this.slotOf(id)];
    return call?.id === id ? call : undefined;
  }

  /** Puts a call into its slot, which must be free. */
  put(call: Call, id: number): void {
    this.slots[this.slotOf(id)] = call;
  }

  /** Returns whether the call was there. */
  remove(call: Call, id: number): boolean {
    const slot = this.slotOf(id);
    if (this.slots[slot] !== call) return false;
    this.slots[slot] = undefined;
    return true;
  }

  *[Symbol.iterator](): Iterator<Call> {
    for (const call of this.slots) if (call !== undefined) yield call;
  }

  private slotOf(id: number): number {
    return id & (this.slots.length - 1);
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Array<Call | undefined>(Math.max(slots.length * 2, FIRST_SLOTS)).fill(undefined);
    // No two meet: slots that were different modulo the smaller number are so modulo the larger one.
    for (const call of slots) if (typeof call?.id === 'number') this.put(call, call.id);
  }
}

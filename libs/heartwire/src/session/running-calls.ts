import type { CallId } from '../protocol/messages.js';
import type { ServedCall } from './served-call.js';

const FIRST_SLOTS = 16;

/**
 * The calls of the other end that run here, by id. A number has a slot, its remainder modulo the number of slots;
 * texts, and numbers whose slot is taken, have a `Map`. Ids that count up seldom meet, so that the `Map` is seldom made:
 * it throws its table away again and again, and one that V8 holds to be old keeps every later one alive, with the calls
 * in it, until the next full collection.
 */
export class RunningCalls implements Iterable<ServedCall> {
  count = 0;

  /** Made with the first call: most connections have none for long. */
  private slots: (ServedCall | undefined)[] = [];
  private others: Map<CallId, ServedCall> | undefined;

  get(id: CallId): ServedCall | undefined {
    if (typeof id === 'number') {
      const call = this.slots[this.slotOf(id)];
      if (call?.id === id) return call;
    }
    return this.others?.get(id);
  }

  /** Adds a call whose id is not there. */
  add(call: ServedCall, id: CallId): void {
    if (this.count * 2 >= this.slots.length) this.grow();
    this.count += 1;
    if (typeof id === 'number') {
      const slot = this.slotOf(id);
      if (this.slots[slot] === undefined) {
        this.slots[slot] = call;
        return;
      }
    }
    this.others ??= new Map();
    this.others.set(id, call);
  }

  /** Returns whether the call was there. */
  remove(call: ServedCall): boolean {
    const { id } = call;
    if (id === undefined || this.get(id) !== call) return false;
    this.count -= 1;
    const slot = typeof id === 'number' ? this.slotOf(id) : -1;
    if (this.slots[slot] === call) this.slots[slot] = undefined;
    else this.others?.delete(id);
    return true;
  }

  *[Symbol.iterator](): Iterator<ServedCall> {
    for (const call of this.slots) if (call !== undefined) yield call;
    if (this.others !== undefined) yield* this.others.values();
  }

  private slotOf(id: number): number {
    return id & (this.slots.length - 1);
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Array<ServedCall | undefined>(Math.max(slots.length * 2, FIRST_SLOTS)).fill(undefined);
    // No two meet: slots that were different modulo the smaller number are so modulo the larger one.
    for (const call of slots) if (typeof call?.id === 'number') this.slots[this.slotOf(call.id)] = call;
  }
}

import type { CallId } from '../protocol/messages.js';
import type { OutgoingCall } from './outgoing-call.js';

const FIRST_SLOTS = 16;

/**
 * The calls in flight, by id. Ids count up and are never used twice; a call's slot is its id modulo
 * the number of slots, so an id whose slot is taken is passed over. Unlike a `Map`, which throws its
 * table away again and again, it leaves nothing behind that keeps settled calls alive.
 */
export class InFlightCalls implements Iterable<OutgoingCall> {
  count = 0;

  /** Made with the first call: most ends of connections make none. */
  private slots: (OutgoingCall | undefined)[] = [];
  private lastId = 0;

  /** The id of the call that is added next. */
  nextId(): number {
    if (this.count * 2 >= this.slots.length) this.grow();
    do this.lastId += 1;
    while (this.slots[this.slotOf(this.lastId)] !== undefined);
    return this.lastId;
  }

  /** Adds a call under the id that `nextId` gave. */
  add(call: OutgoingCall, id: number): void {
    this.slots[this.slotOf(id)] = call;
    this.count += 1;
  }

  get(id: CallId): OutgoingCall | undefined {
    // The other end may answer what was never asked.
    if (typeof id !== 'number') return undefined;
    const call = this.slots[this.slotOf(id)];
    return call?.id === id ? call : undefined;
  }

  /** Returns whether the call was in flight here. */
  remove(call: OutgoingCall): boolean {
    const slot = this.slotOf(call.id);
    if (this.slots[slot] !== call) return false;
    this.slots[slot] = undefined;
    this.count -= 1;
    return true;
  }

  /** Takes them all, in the order in which they were sent. */
  clear(): OutgoingCall[] {
    const calls = [...this].sort((one, other) => one.id - other.id);
    for (const call of calls) this.remove(call);
    return calls;
  }

  *[Symbol.iterator](): Iterator<OutgoingCall> {
    for (const call of this.slots) if (call !== undefined) yield call;
  }

  private slotOf(id: number): number {
    return id & (this.slots.length - 1);
  }

  private grow(): void {
    const calls = [...this];
    this.slots = emptySlots(Math.max(this.slots.length * 2, FIRST_SLOTS));
    // No two meet: slots that were different modulo the smaller number are so modulo the larger one.
    for (const call of calls) this.slots[this.slotOf(call.id)] = call;
  }
}

function emptySlots(count: number): (OutgoingCall | undefined)[] {
  return new Array<OutgoingCall | undefined>(count).fill(undefined);
}

import type { CallId } from '../protocol/messages.js';
import { CallSlots } from './call-slots.js';
import type { OutgoingCall } from './outgoing-call.js';

/**
 * The calls in flight, by id. Ids count up and are never used twice; one whose slot is taken is passed over.
 */
export class InFlightCalls implements Iterable<OutgoingCall> {
  count = 0;

  private readonly slots = new CallSlots<OutgoingCall>();
  private lastId = 0;

  /** The id of the call that is added next. */
  nextId(): number {
    this.slots.makeRoomBeside(this.count);
    do this.lastId += 1;
    while (!this.slots.isFree(this.lastId));
    return this.lastId;
  }

  /** Adds a call under the id that `nextId` gave. */
  add(call: OutgoingCall, id: number): void {
    this.slots.put(call, id);
    this.count += 1;
  }

  get(id: CallId): OutgoingCall | undefined {
    // The other end may answer what was never asked.
    return typeof id === 'number' ? this.slots.get(id) : undefined;
  }

  /** Returns whether the call was in flight here. */
  remove(call: OutgoingCall): boolean {
    if (!this.slots.remove(call, call.id)) return false;
    this.count -= 1;
    return true;
  }

  /** Takes them all, in the order in which they were sent. */
  clear(): OutgoingCall[] {
    const calls = [...this].sort((one, other) => one.id - other.id);
    for (const call of calls) this.remove(call);
    return calls;
  }

  [Symbol.iterator](): Iterator<OutgoingCall> {
    return this.slots[Symbol.iterator]();
  }
}

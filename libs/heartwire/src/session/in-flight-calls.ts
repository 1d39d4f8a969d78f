import { CallSlots } from './call-slots.js';
import type { OutgoingCall } from './outgoing-call.js';

/** The calls in flight. Ids count up and are never used twice; one whose slot is taken is passed over. */
export class InFlightCalls extends CallSlots<OutgoingCall> {
  private lastId = 0;

  /** The id of the call that is added next. */
  nextId(): number {
    do this.lastId += 1;
    while (!this.hasRoomFor(this.lastId));
    return this.lastId;
  }

  /** Takes them all, in the order in which they were sent. */
  clear(): OutgoingCall[] {
    const calls = [...this].sort((one, other) => one.id - other.id);
    for (const call of calls) this.remove(call);
    return calls;
  }
}

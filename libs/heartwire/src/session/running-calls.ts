import type { CallId } from '../protocol/messages.js';
import { CallSlots } from './call-slots.js';
import type { ServedCall } from './served-call.js';

/**
 * The calls of the other end that run here, by id. Numbers have slots; texts, and numbers whose slot is taken, have a
 * `Map`. Ids that count up seldom meet, so that it is seldom made.
 */
export class RunningCalls implements Iterable<ServedCall> {
  private readonly slots = new CallSlots<ServedCall>();
  private others: Map<CallId, ServedCall> | undefined;

  get count(): number {
    return this.slots.count + (this.others?.size ?? 0);
  }

  get(id: CallId): ServedCall | undefined {
    return this.slots.get(id) ?? this.others?.get(id);
  }

  /** Adds a call whose id is not there. */
  add(call: ServedCall, id: CallId): void {
    if (typeof id === 'number' && this.slots.hasRoomFor(id)) {
      this.slots.add(call, id);
    } else {
      this.others ??= new Map();
      this.others.set(id, call);
    }
  }

  /** Returns whether the call was there. */
  remove(call: ServedCall): boolean {
    const { id } = call;
    if (id === undefined || this.get(id) !== call) return false;
    return this.slots.remove(call) || this.others?.delete(id) === true;
  }

  *[Symbol.iterator](): Iterator<ServedCall> {
    yield* this.slots;
    if (this.others !== undefined) yield* this.others.values();
  }
}

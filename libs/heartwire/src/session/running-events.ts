import type { ServedCall } from './served-call.js';

/**
 * The events that run here and that nobody waits for, in no order. Where most come one after the other, a `Set` would
 * throw its table away with every other one.
 */
export class RunningEvents implements Iterable<ServedCall> {
  private readonly calls: ServedCall[] = [];

  get count(): number {
    return this.calls.length;
  }

  add(call: ServedCall): void {
    call.place = this.calls.push(call) - 1;
  }

  /** Returns whether the event was there. */
  remove(call: ServedCall): boolean {
    const { calls } = this;
    const { place } = call;
    if (calls[place] !== call) return false;
    const last = calls.pop();
    if (last === undefined || last === call) return true;
    last.place = place;
    calls[place] = last;
    return true;
  }

  [Symbol.iterator](): Iterator<ServedCall> {
    return this.calls.values();
  }
}

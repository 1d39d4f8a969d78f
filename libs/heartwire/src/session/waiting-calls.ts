import type { OutgoingCall } from './outgoing-call.js';

/** Empty places beyond so many are closed up, in bulk: each costs the same however long the line is. */
const COMPACT_AT = 1_024;

/** Calls that wait for their turn, first come first served. A call stands in one line at most. */
export class WaitingCalls implements Iterable<OutgoingCall> {
  /** How many wait. */
  count = 0;
  /** What they would say, in bytes. */
  bytes = 0;

  /** In order. Who leaves leaves an empty place, so that a line that was outgrown keeps no call alive. */
  private line: (OutgoingCall | undefined)[] = [];
  private head = 0;

  push(call: OutgoingCall): void {
    call.place = this.line.push(call) - 1;
    this.count += 1;
    this.bytes += call.body.sizeBytes;
  }

  /** Takes the one that has waited longest. */
  shift(): OutgoingCall | undefined {
    while (this.head < this.line.length) {
      const call = this.line[this.head];
      this.head += 1;
      if (call === undefined) continue;
      this.leave(call, this.head - 1);
      return call;
    }
    return undefined;
  }

  /** Returns whether the call was waiting here. */
  remove(call: OutgoingCall): boolean {
    if (this.line[call.place] !== call) return false;
    this.leave(call, call.place);
    return true;
  }

  /** Takes them all. */
  clear(): OutgoingCall[] {
    const calls = [...this];
    for (const call of calls) this.remove(call);
    return calls;
  }

  *[Symbol.iterator](): Iterator<OutgoingCall> {
    for (const call of this.line) if (call !== undefined) yield call;
  }

  private leave(call: OutgoingCall, place: number): void {
    this.line[place] = undefined;
    this.count -= 1;
    this.bytes -= call.body.sizeBytes;
    if (this.line.length > 2 * this.count + COMPACT_AT) this.compact();
  }

  private compact(): void {
    this.line = [...this];
    this.head = 0;
    for (const [place, call] of this.line.entries()) if (call !== undefined) call.place = place;
  }
}

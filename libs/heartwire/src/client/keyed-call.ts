import { OutgoingCall } from '../session/outgoing-call.js';

/** A call that goes where others with the same key go. */
export class KeyedCall extends OutgoingCall {
  readonly key: string;

  constructor(key: string, ...call: ConstructorParameters<typeof OutgoingCall>) {
    super(...call);
    this.key = key;
  }
}

/** What a call has to stay together with; nothing, for most. */
export function keyOf(call: OutgoingCall): string {
  return call instanceof KeyedCall ? call.key : '';
}

/** A message on its way out: its JSON text, whole or in parts, or a binary envelope. */
export type Outgoing = string | SplitText | Envelope;

/** A text in three parts, so that a long one in the middle is never copied to put them together. */
export interface SplitText {
  readonly head: string;
  readonly body: string;
  readonly tail: string;
}

export interface Envelope {
  readonly header: string;
  readonly bytes: Uint8Array;
}

export function isEnvelope(message: Outgoing): message is Envelope {
  return typeof message !== 'string' && 'bytes' in message;
}

/** In characters (UTF-16 units). */
export function textLength(text: string | SplitText): number {
  return typeof text === 'string' ? text.length : text.head.length + text.body.length + text.tail.length;
}

/** In one piece, which copies a split one. */
export function wholeText(text: string | SplitText): string {
  return typeof text === 'string' ? text : text.head + text.body + text.tail;
}

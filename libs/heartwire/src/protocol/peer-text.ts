// What the other end says may be long, and may hold anything: this is how it gets into messages and logs.

/** How much of a text is repeated, in characters; escaped, at most this. */
const QUOTED = 40;
const QUOTED_ESCAPED = 60;

/** The beginning of a text between quotation marks, in one line. */
export function quote(text: string): string {
  // JSON leaves some as they are that begin a line or steer a terminal.
  return cut(oneLine(JSON.stringify(cut(text, QUOTED))), QUOTED_ESCAPED);
}

/** A text without what would begin a new line or steer a terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** From so many characters on, looking for what must be escaped costs less than what it saves. */
const LONG_TEXT = 2_048;
/** An object with more members is no message with a long text in it. */
const MAX_MEMBERS = 16;

/** How a text begins that is worth a closer look: ASCII, without lines and quotation marks. */
const PLAIN_START = /^[ !#-[\]-~]{256}/;
/** Half a pair would have to be escaped. In a text of one byte a character V8 needs no search to know that there is none. */
const BEYOND_LATIN_1 = /[\u0100-\uffff]/;
/** What JSON escapes in others (RFC 8259, section 7), the likeliest first. */
const ESCAPED = ['\n', '"', '\\', '\r', '\t', ...controlCharacters()];

/**
 * `JSON.stringify(value)`, character for character, and several times as quick where `value`, or a member of it, is a
 * long text with nothing to escape, such as base64: V8 writes one character after the other (up to its version 13.6),
 * but searches a text for one character many at a time.
 *
 * @throws what `JSON.stringify` throws
 */
export function jsonText(value: unknown): string | undefined {
  if (typeof value === 'string') return isPlain(value) ? quoted(value) : JSON.stringify(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const keys = Object.keys(value);
  if (keys.length > MAX_MEMBERS) return JSON.stringify(value);
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'string' && isPlain(member) && isWrittenByMembers(value))
      return objectText(value as Record<string, unknown>, keys, key);
  }
  return JSON.stringify(value);
}

function isPlain(text: string): boolean {
  if (text.length < LONG_TEXT || !PLAIN_START.test(text) || BEYOND_LATIN_1.test(text)) return false;
  return !ESCAPED.some((character) => text.includes(character));
}

/** Not so of objects that stand for something else: with a `toJSON`, boxed primitives, raw JSON (it has no prototype). */
function isWrittenByMembers(value: object): boolean {
  return (
    typeof (value as { toJSON?: unknown }).toJSON !== 'function' &&
    Object.getPrototypeOf(value) !== null &&
    Object.prototype.toString.call(value) === '[object Object]'
  );
}

/** @param plainKey that of a member which was looked through already */
function objectText(value: Record<string, unknown>, keys: readonly string[], plainKey: string): string {
  let text = '';
  for (const key of keys) {
    const member = value[key];
    // An object of one member leaves out what JSON has no word for, and tells a toJSON its key.
    const json =
      typeof member === 'string' && (key === plainKey || isPlain(member))
        ? JSON.stringify(key) + ':' + quoted(member)
        : JSON.stringify({ [key]: member }).slice(1, -1);
    if (json !== '') text += text === '' ? json : ',' + json;
  }
  return '{' + text + '}';
}

function quoted(text: string): string {
  return '"' + text + '"';
}

function controlCharacters(): string[] {
  return Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => !'\n\r\t'.includes(character),
  );
}

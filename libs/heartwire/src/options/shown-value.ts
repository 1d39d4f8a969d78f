const MAX_SHOWN = 60;

/** A value as a fault shows it: short, on one line, and never the inside of an object. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'bigint':
      return `${String(value)}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
    default:
      return String(value);
  }
}

/** A url as a fault shows it: without what people put in as credentials. */
export function shownUrl(value: unknown): string {
  if (typeof value !== 'string') return shownValue(value);
  // Up to the last @, since a password may hold one.
  return quoted(value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@').replace(/[?#].*$/s, '?***'));
}

/** The path of an option, also when its key is a strange one. */
export function shownPath(section: string, key: string): string {
  if (!/^[\w$-]{1,60}$/.test(key)) return `${section}[${quoted(key)}]`;
  return section === '' ? key : `${section}.${key}`;
}

function quoted(text: string): string {
  const shown = JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  // class-validator replaces these in messages, $value by the whole value with its credentials.
  return shown.replace(/\$(?=value|property|target|constraint)/g, '\\u0024');
}

import { MAX_TOKEN_CHARACTERS } from '../../protocol/wire-members.js';
import { Check } from './check.js';

// What is wrong is told here without the value, which may be the secret itself.

/** A text that is nobody's business, or a function that gives it. May be left out. */
export function IsToken(): PropertyDecorator {
  return Check('isToken', (value) => {
    if (value === undefined || typeof value === 'function' || isToken(value)) return undefined;
    const it = typeof value === 'string' ? `it has ${String(value.length)}` : `it is ${kindOf(value)}`;
    return `must be a text of 1 to ${String(MAX_TOKEN_CHARACTERS)} characters, or a function that gives one: ${it}; give one of them, or leave it out`;
  });
}

export function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TOKEN_CHARACTERS;
}

/** May be left out. */
export function IsSecretText(): PropertyDecorator {
  return Check('isSecretText', (value) =>
    value === undefined || typeof value === 'string'
      ? undefined
      : `must be a text: it is ${kindOf(value)}; give one, or leave it out`,
  );
}

/** The content of a file, as a text or as bytes, or several of them. May be left out. */
export function IsPem(): PropertyDecorator {
  return Check('isPem', (value) => {
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (value === undefined || (all.length > 0 && all.every(isFileContent))) return undefined;
    return `must be what such a file holds, as a text or a Buffer, or an array of those: ${emptyOr(all)}; read the file and give that`;
  });
}

function isFileContent(value: unknown): boolean {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;
}

function emptyOr(all: readonly unknown[]): string {
  const wrong = all.find((value) => !isFileContent(value));
  const isEmpty = wrong === undefined || wrong === '' || wrong instanceof Uint8Array;
  return isEmpty ? 'it is empty' : `it is ${kindOf(wrong)}`;
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A section that may hold secrets; given as a text, it may be one itself. @param orFunction whether a function may give it later */
export function SecretSection(type: new () => object, orFunction = false): PropertyDecorator {
  return Check('secretSection', (value) => {
    if (value instanceof type || (orFunction && typeof value === 'function')) return undefined;
    const wanted = `an object${orFunction ? ', or a function that gives one' : ''}`;
    const names = Object.keys(new type()).join(', ');
    return `must be ${wanted}: it is ${kindOf(value)}; give any of { ${names} }, or leave it out`;
  });
}

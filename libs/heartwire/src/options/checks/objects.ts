import { shownValue } from '../shown-value.js';
import { Check } from './check.js';

/** Options in an object of their own, checked by their own class. */
export function Section(type: new () => object): PropertyDecorator {
  return Check('section', (value) => {
    if (value instanceof type) return undefined;
    const names = Object.keys(new type()).join(', ');
    return `must be an object: it is ${shownValue(value)}; give any of { ${names} }, or leave it out`;
  });
}

/** May be left out. @param purpose what it does, as in "a function that finds …" */
export function IsFunction(purpose: string): PropertyDecorator {
  return Check('isFunction', (value) =>
    value === undefined || typeof value === 'function'
      ? undefined
      : `must be a function that ${purpose}: it is ${shownValue(value)}; give one, or leave it out`,
  );
}

/** An object, often an instance of a class, that has a method of this name. May be left out. */
export function HasMethod(method: string): PropertyDecorator {
  return Check('hasMethod', (value) => {
    if (value === undefined) return undefined;
    const found =
      typeof value === 'object' && value !== null
        ? (value as Partial<Record<string, unknown>>)[method]
        : undefined;
    if (typeof found === 'function') return undefined;
    // A class instead of an instance is the usual slip.
    const it = typeof value === 'object' && value !== null ? 'it has none' : `it is ${shownValue(value)}`;
    return `must be an object with the method ${method}: ${it}; give an instance that has it, or leave it out`;
  });
}

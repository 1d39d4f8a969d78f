import { shownValue } from '../shown-value.js';
import { Check } from './check.js';

/** Origins as browsers write them, or a function. May be left out. */
export function Origins(): PropertyDecorator {
  return Check('origins', (value) => {
    if (value === undefined || typeof value === 'function') return undefined;
    if (!Array.isArray(value)) {
      return `must be an array of origins, or a function: it is ${shownValue(value)}; give one such as ["https://chat.example.com"]`;
    }
    const faults = [...(value as readonly unknown[])].flatMap((origin, index) =>
      isOrigin(origin)
        ? []
        : [
            `[${String(index)}] must be an origin: it is ${shownValue(origin)}; give scheme and host, without a path, as in "https://chat.example.com"`,
          ],
    );
    return faults.length === 0 ? undefined : faults.join('\n');
  });
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

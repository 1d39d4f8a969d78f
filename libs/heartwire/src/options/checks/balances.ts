import { BALANCES } from '../balance.js';
import { shownValue } from '../shown-value.js';
import { Check } from './check.js';

/** One of the named ways to balance, or an object with a `key` function. */
export function HasBalance(): PropertyDecorator {
  return Check('hasBalance', (value) => {
    if (BALANCES.some((balance) => balance === value)) return undefined;
    const key = typeof value === 'object' && value !== null ? (value as { key?: unknown }).key : undefined;
    if (typeof key === 'function') return undefined;
    const names = BALANCES.map((balance) => `"${balance}"`).join(', ');
    return `must be one of ${names}, or an object with the function key: it is ${shownValue(value)}; give one of them, or leave it out`;
  });
}

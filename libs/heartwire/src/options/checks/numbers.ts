import type { ValidationArguments } from 'class-validator';

import { LONGEST_DELAY_MS } from '../../timing/longest-delay.js';
import { shownValue } from '../shown-value.js';
import { Check, defaultOf } from './check.js';

interface Range {
  readonly min: number;
  readonly max?: number;
  readonly orInfinity?: boolean;
  /** What to do about a fault, where leaving the option out isn't the best advice. */
  readonly remedy?: string;
}

/** A time that a timer can be set for. */
export function Milliseconds(range: Range): PropertyDecorator {
  return InRange('milliseconds', 'a number of milliseconds', { max: LONGEST_DELAY_MS, ...range }, () => true);
}

/** A number of things. */
export function Count(range: Range): PropertyDecorator {
  return InRange('count', 'a whole number', range, Number.isSafeInteger);
}

/** A size in bytes. */
export function Bytes(range: Range): PropertyDecorator {
  return InRange('bytes', 'a whole number of bytes', range, Number.isSafeInteger);
}

function InRange(
  name: string,
  kind: string,
  range: Range,
  isKind: (value: number) => boolean,
): PropertyDecorator {
  const { min, max, orInfinity = false } = range;
  const bounds = max === undefined ? `of at least ${String(min)}` : `from ${String(min)} to ${String(max)}`;
  const wanted = `${kind} ${bounds}${orInfinity ? ', or Infinity' : ''}`;
  return Check(name, (value, args) => {
    if (value === undefined || (orInfinity && value === Infinity)) return undefined;
    const isInRange =
      typeof value === 'number' && isKind(value) && value >= min && value <= (max ?? Number.MAX_VALUE);
    return isInRange
      ? undefined
      : `must be ${wanted}: it is ${shownValue(value)}; ${remedyFor(value, range, args)}`;
  });
}

function remedyFor(value: unknown, { remedy }: Range, args: ValidationArguments): string {
  // What comes from an environment variable is a text.
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return `give the number ${String(Number(value))} instead of a text`;
  }
  if (remedy !== undefined) return remedy;
  const fallback = defaultOf(args);
  return `leave it out for the default${fallback === undefined ? '' : `, ${shownValue(fallback)}`}`;
}

import { Check, defaultOf } from './check.js';

/**
 * A number that must not be below that of another option of the same section. Whether each of them is in range
 * is told elsewhere.
 */
export function NotLessThan(sibling: string, siblingPath: string): PropertyDecorator {
  return Check('notLessThan', (value, args) => {
    const other = (args.object as Partial<Record<string, unknown>>)[sibling];
    if (!Number.isFinite(value) || !Number.isFinite(other) || (value as number) >= (other as number))
      return undefined;
    const own = marked(value, defaultOf(args));
    const its = marked(other, defaultOf({ ...args, property: sibling }));
    return `must be at least ${siblingPath}: it is ${own} and ${siblingPath} is ${its}; raise the one or lower the other`;
  });
}

function marked(value: unknown, fallback: unknown): string {
  return value === fallback ? `${String(value)} (the default)` : String(value);
}

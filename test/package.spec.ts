import { describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';

interface Entry {
  readonly types: string;
  readonly default: string;
}

interface Package {
  readonly main: string;
  readonly types: string;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly exports: Readonly<Record<string, Entry | string>>;
}

const { main, types, typesVersions, exports } = createRequire(import.meta.url)(
  '../libs/heartwire/package.json',
) as Package;

describe('the package', () => {
  // TypeScript's classic resolution for CommonJS, in which Nest's own packages are found too.
  it('is found by who reads no exports, each entry with the types that it has there', () => {
    const { '.': root, ...others } = exports;
    expect({ types, default: main }).toEqual(root);
    const entries = Object.entries(others).filter(
      (entry): entry is [string, Entry] => typeof entry[1] !== 'string',
    );
    const expected = entries.map(([path, entry]) => [path.slice('./'.length), [entry.types]]);
    expect(typesVersions).toEqual({ '*': Object.fromEntries(expected) as unknown });
  });
});

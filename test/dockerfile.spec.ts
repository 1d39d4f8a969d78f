import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('the image', () => {
  it('takes along every package that the demo needs when it runs, wherever npm puts it', () => {
    const taken = [...read('Dockerfile').matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(
      ([, path]) => path,
    );
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { readonly dev?: boolean; readonly optional?: boolean }>;
    };
    const needed = Object.keys(packages).filter(
      (path) => path.includes('node_modules/') && packages[path]?.dev !== true,
    );

    expect(needed.length).toBeGreaterThan(10);
    expect(needed.filter((path) => !taken.some((each) => path.startsWith(`${String(each)}/`)))).toEqual([]);
  });
});

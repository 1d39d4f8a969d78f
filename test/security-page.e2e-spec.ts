import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Credentials, HeartwireClient } from 'heartwire';

import { DocCode } from './support/doc-code.js';
import { blocksOf } from './support/markdown.js';
import { outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

const page = readFileSync(resolve(import.meta.dirname, '../docs/security.md'), 'utf8');

describe('the code of the page on security', () => {
  const stage = new Stage();
  const code = new DocCode({
    files: `import { createHash } from 'node:crypto'; import { readFileSync } from 'node:fs'; import { readFile } from 'node:fs/promises';`,
  });
  let RefundsController: new () => object;

  beforeAll(async () => {
    for (const block of blocksOf(page, 'ts')) code.add('security', block);
    code.compile('roles.guard', (source) => source);
    const refunds = await code.run('refunds.controller', (source) =>
      source.replace('.guard.js', '.guard.mjs'),
    );
    RefundsController = refunds['RefundsController'] as new () => object;
  });

  afterEach(() => stage.clear());
  afterAll(() => code.remove());

  it('has no fault of types', () => {
    expect(code.faults()).toEqual([]);
  }, 180_000);

  describe('its guard', () => {
    const authenticate = ({ token }: Credentials): object | undefined =>
      token === undefined ? undefined : { name: token, roles: token === 'ada' ? ['clerk'] : ['guest'] };

    const clientOf = async (token: string): Promise<HeartwireClient> => {
      const { url } = await stage.serve({ controllers: [RefundsController] }, { server: { authenticate } });
      return stage.client(url, { token });
    };

    it('lets in who has the role', async () => {
      const client = await clientOf('ada');
      expect(await outcomeOf(client.send('refunds.create', 'order 7'))).toMatchObject({
        values: ['order 7 is refunded by ada'],
        end: 'complete',
      });
    });

    it.each([
      ['who has another role', 'bob', 'refunds.create'],
      ['everybody from a handler that names no role', 'ada', 'refunds.forgotten'],
    ])('keeps out %s', async (_, token, pattern) => {
      const client = await clientOf(token);
      expect(await outcomeOf(client.send(pattern, 'order 7'))).toMatchObject({
        values: [],
        end: 'error',
        error: { message: 'Forbidden resource' },
      });
    });
  });
});

import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { fuzz } from './fuzz/fuzz.js';
import { caseOf, readCorpus } from './fuzz/traffic.js';
import { RecordingLogger } from './support/stage.js';

const SEED = 20_260;
const CONNECTIONS = 1_500;

describe('a server that is sent all sorts of traffic', () => {
  beforeAll(() => {
    Logger.overrideLogger(new RecordingLogger());
  });

  it('serves its client on, throws nothing that nobody handles, and keeps nothing', async () => {
    const { connections, grownBytes } = await fuzz({ seed: SEED, goesOn: (count) => count < CONNECTIONS });
    expect(connections).toBe(CONNECTIONS);
    expect(grownBytes).toBeLessThan(4 * 1_024 ** 2);
  }, 120_000);

  it('is sent the same again with the same seed', () => {
    const corpus = readCorpus();
    const cases = (seed: number): unknown =>
      Array.from({ length: 50 }, (_, index) => caseOf(seed, index, corpus));
    expect(cases(1)).toEqual(cases(1));
    expect(cases(1)).not.toEqual(cases(2));
  });
});

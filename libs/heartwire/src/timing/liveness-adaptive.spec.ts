import { describe, expect, it } from '@jest/globals';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';

const ADAPTIVE = { adaptive: true, intervalMs: 5_000, timeoutMs: 10_000 };

describe('watchLiveness, adaptive', () => {
  it('knows of death within a second and a half where round trips are short', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, ADAPTIVE).answer({ roundTripMs: 2, until: 3_000 });
      const told = tellings(stage, 20_000);
      expect(told.find(({ state }) => state === 'suspect')?.silentForMs).toBeLessThanOrEqual(1_100);
      expect(told.at(-1)).toMatchObject({ state: 'dead', intervalMs: 500, timeoutMs: 1_000 });
      expect(told.at(-1)?.silentForMs).toBeLessThanOrEqual(1_600);
    });
  });

  it('suspects nobody who takes long to answer, and has always done so', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, ADAPTIVE).answer({ roundTripMs: 450 });
      const told = tellings(stage, 60_000);
      expect(told.map(({ state }) => state)).not.toContain('suspect');
      expect(told.at(-1)?.intervalMs).toBeGreaterThan(4_000);
    });
  });

  it('waits as long as it was told to until it has measured anything', () => {
    run((_, scheduler) => {
      const told = tellings(new LivenessStage(scheduler, ADAPTIVE), 30_000);
      const dead = told.at(-1);
      expect(dead?.state).toBe('dead');
      expect(dead?.silentForMs).toBeGreaterThanOrEqual(10_000);
    });
  });
});

describe('watchLiveness, suspicion', () => {
  it('is low for a peer that answers, and high for one that is suspect or dead', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).answer({ roundTripMs: 2, until: 300 });
      const told = tellings(stage, 2_000);
      const phiOf = (state: string): number[] =>
        told.filter((each) => each.state === state).map(({ phi }) => phi);
      expect(Math.max(...phiOf('alive'))).toBeLessThan(0.01);
      expect(Math.min(...phiOf('suspect'))).toBeGreaterThan(8);
      expect(phiOf('dead')[0]).toBeGreaterThan(phiOf('suspect')[0] ?? Infinity);
    });
  });
});

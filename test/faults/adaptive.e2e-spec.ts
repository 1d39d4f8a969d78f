import { afterEach, describe, expect, it } from '@jest/globals';
import type { Liveness } from 'heartwire';

import { quickThenSilent, slowFromTheStart, slowOnceConnected } from './scenarios/adaptive.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';

/** What is set for either mode: the adaptive one takes it for its ceiling. */
const PATIENT = { intervalMs: 6_000, timeoutMs: 12_000 };
/** So that also what a busy machine comes down to is far below. */
const VERY_PATIENT = { intervalMs: 20_000, timeoutMs: 60_000 };
/** It waits no longer than the adaptive mode ever does. */
const QUICK = { intervalMs: 1_000, timeoutMs: 1_000 };
/** Each way: an answer takes longer than the quick mode waits, also where it is late and asks once more. */
const DELAY_MS = 1_500;

describe('the adaptive watch', () => {
  let arena: Arena;
  const enter = (heartbeat: object, patienceMs?: number): Arena => {
    const settings = { client: { heartbeat }, server: { heartbeat: VERY_PATIENT } };
    return (arena = new Arena(heartwire(settings), patienceMs));
  };

  afterEach(() => arena.clear());

  it('gives nobody up on a slow network, where the fixed one would at the same quick pace', async () => {
    const onlyAnswers = { countTraffic: false };
    const fixed = await slowOnceConnected(enter({ ...QUICK, ...onlyAnswers }), DELAY_MS, 30_000);
    expect(fixed.verdicts).toContain('dead');
    await arena.clear();
    const adaptive = await slowFromTheStart(
      enter({ ...PATIENT, ...onlyAnswers, adaptive: true }),
      DELAY_MS,
      8_000,
    );
    expect(adaptive).toMatchObject({ isSameSocket: true });
    expect(adaptive.verdicts).not.toContain('dead');
    // Until it has measured a round trip it may suspect, and waits.
    expect(new Set(adaptive.measuredVerdicts)).toEqual(new Set(['alive']));
  });

  it('knows of silence on a quick network long before the fixed one would at the same patient pace', async () => {
    const entered = enter({ ...VERY_PATIENT, adaptive: true }, VERY_PATIENT.timeoutMs);
    // On a machine that is at rest it comes down to 1 s.
    const isQuick = ({ timeoutMs }: Liveness): boolean => timeoutMs <= VERY_PATIENT.timeoutMs / 2;
    const noticedMs = await quickThenSilent(entered, isQuick);
    expect(noticedMs).toBeLessThan(VERY_PATIENT.timeoutMs);
  }, 120_000);
});

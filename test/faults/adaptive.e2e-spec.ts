import { afterEach, describe, expect, it } from '@jest/globals';

import { quickThenSilent, slowFromTheStart } from './scenarios/adaptive.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';

/** What is set for either mode: the adaptive one takes it for its ceiling. */
const PATIENT = { intervalMs: 5_000, timeoutMs: 10_000 };
/** As quick as the adaptive mode ever is. */
const QUICK = { intervalMs: 500, timeoutMs: 1_000 };
/** Each way: an answer takes longer than the quick mode waits. */
const DELAY_MS = 700;

describe('the adaptive watch', () => {
  let arena: Arena;
  const enter = (heartbeat: object, patienceMs?: number): Arena => {
    const settings = { client: { heartbeat }, server: { heartbeat: PATIENT } };
    return (arena = new Arena(heartwire(settings), patienceMs));
  };

  afterEach(() => arena.clear());

  it('gives nobody up on a slow network, where the fixed one would at the same quick pace', async () => {
    const onlyAnswers = { countTraffic: false };
    const fixed = await slowFromTheStart(enter({ ...QUICK, ...onlyAnswers }), DELAY_MS, 10_000);
    expect(fixed.verdicts).toContain('dead');
    await arena.clear();
    const adaptive = await slowFromTheStart(
      enter({ ...PATIENT, ...onlyAnswers, adaptive: true }),
      DELAY_MS,
      4_000,
    );
    expect(adaptive).toMatchObject({ isSameSocket: true });
    // Until it has measured a round trip it may suspect, and waits.
    expect(adaptive.verdicts.slice(adaptive.verdicts.indexOf('alive'))).not.toContain('suspect');
    expect(adaptive.verdicts).not.toContain('dead');
    expect(adaptive.verdicts.at(-1)).toBe('alive');
  });

  it('knows of silence on a quick network long before the fixed one would at the same patient pace', async () => {
    const entered = enter({ ...PATIENT, adaptive: true }, PATIENT.timeoutMs);
    // On a machine that is at rest it comes down to 1 s.
    const noticedMs = await quickThenSilent(entered, ({ timeoutMs }) => timeoutMs <= 2_000);
    expect(noticedMs).toBeLessThan(PATIENT.timeoutMs / 2);
  });
});

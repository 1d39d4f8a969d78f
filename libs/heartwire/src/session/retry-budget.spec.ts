import { describe, expect, it } from '@jest/globals';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import type { OutgoingCall } from './outgoing-call.js';
import { RetryBudget } from './retry-budget.js';

/** From the full bucket down to its half, and one more. */
const FROM_FULL = 51;

function lostCall(isIdempotent = true): OutgoingCall {
  const { outgoing } = new RecordedCall('work', {}, { isIdempotent });
  outgoing.handedOver(1);
  return outgoing;
}

/** How many calls may be sent again in a row. */
function spend(budget: RetryBudget, answers: number): number {
  let allowed = 0;
  while (allowed < 1_000 && budget.allows(lostCall(), answers)) allowed += 1;
  return allowed;
}

describe('RetryBudget', () => {
  it('lets a call that may run twice be sent three times, and any other once', () => {
    const budget = new RetryBudget();
    const call = lostCall();
    expect(budget.allows(call, 0)).toBe(true);
    call.handedOver(2);
    expect(budget.allows(call, 0)).toBe(true);
    call.handedOver(3);
    expect(budget.allows(call, 0)).toBe(false);
    expect(budget.allows(lostCall(false), 0)).toBe(false);
  });

  it('allows nothing below half of its tokens', () => {
    const budget = new RetryBudget();
    expect(spend(budget, 0)).toBe(FROM_FULL);
    expect(budget.allows(lostCall(), 0)).toBe(false);
  });

  it('gets a tenth of a token back for each answer, once', () => {
    const budget = new RetryBudget();
    spend(budget, 0);
    expect(spend(budget, 5)).toBe(0);
    expect(spend(budget, 45)).toBe(4);
    expect(spend(budget, 45)).toBe(0);
  });

  it('saves up no more than it began with', () => {
    const budget = new RetryBudget();
    spend(budget, 0);
    expect(spend(budget, 1_000_000)).toBe(FROM_FULL);
  });

  it('is not charged for a call that may not be sent again anyway', () => {
    const budget = new RetryBudget();
    for (let count = 0; count < 100; count += 1) budget.allows(lostCall(false), 0);
    expect(spend(budget, 0)).toBe(FROM_FULL);
  });
});

import type { OutgoingCall } from './outgoing-call.js';

/** An idempotent call is sent at most this often. */
const MAX_ATTEMPTS = 3;
const MAX_TOKENS = 100;
const MIN_TOKENS = 50;
const COST = 1;
const REFUND_PER_ANSWER = 0.1;

/**
 * Keeps calls that are sent again from becoming a storm: each costs a token, each answer gives a
 * tenth of one back, and below half the bucket no call is sent again (as in gRPC's retry design, A6).
 */
export class RetryBudget {
  private tokens = MAX_TOKENS;
  private answersSeen = 0;

  /** Whether a call whose answer was lost is sent again. `answers`: how many came so far, for all calls. */
  allows(call: OutgoingCall, answers: number): boolean {
    return call.isRepeatable && call.attempts < MAX_ATTEMPTS && this.take(answers);
  }

  private take(answers: number): boolean {
    this.tokens = Math.min(MAX_TOKENS, this.tokens + (answers - this.answersSeen) * REFUND_PER_ANSWER);
    this.answersSeen = answers;
    if (this.tokens < MIN_TOKENS) return false;
    this.tokens -= COST;
    return true;
  }
}

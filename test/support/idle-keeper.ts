import type { ServedCallKeeper } from '../../libs/heartwire/src/session/served-call.js';

/** Keeps calls whose answers nobody looks at. */
export const idleKeeper: ServedCallKeeper = {
  answer: () => undefined,
  finish: () => undefined,
  stream: () => undefined,
  fail: () => undefined,
  timeLeftMs: () => undefined,
  returned: () => undefined,
};

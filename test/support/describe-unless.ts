import { describe } from '@jest/globals';

/** Tests that need what may be missing here: where an obstacle is, they are skipped, and their name says why. */
export function describeUnless(obstacle: string | undefined, name: string, tests: () => void): void {
  if (obstacle === undefined) describe(name, tests);
  // Not every machine has a browser, Redis or root. CI has, and says so (CONTRIBUTING.md), so that a skip is a failure there.
  else describe.skip(`${name} (SKIPPED: ${obstacle})`, tests);
}

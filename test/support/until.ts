const LOOK_EVERY_MS = 5;
/** Far above what anything here takes, and below the limit of a test. */
const SOON_MS = 40_000;

/** Waits until a condition holds. @throws Error that names it, when it doesn't within `withinMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = SOON_MS,
): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What a function throws, which must be of this class. @throws Error when it throws nothing; what else it throws */
export function thrownBy<Thrown extends Error>(
  kind: abstract new (...args: never) => Thrown,
  act: () => unknown,
): Thrown {
  try {
    act();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`nothing was thrown, and no ${kind.name}`);
}

const NOBODY = 65_534;

/** Runs it as a user who may do nothing special, where the tests run as root. Nothing else may be under way in the process. */
export async function withoutRights<T>(run: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid?.() !== 0 || seteuid === undefined) return run();
  seteuid(NOBODY);
  try {
    return await run();
  } finally {
    seteuid(0);
  }
}

/** Far more than the pattern of any handler has. */
const MAX_MEMBERS = 1_000;

/**
 * Whether a pattern has more members, at all its depths, than that of any handler. Looks at no more
 * of them: Nest would sort and write down all, which takes ten times as long as to read them.
 */
export function isLargePattern(pattern: unknown): boolean {
  return membersLeft(pattern, MAX_MEMBERS) < 0;
}

/** How many of so many members a value leaves; less than 0 once there are more. */
function membersLeft(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return max;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let left = max - members.length;
  for (const member of members) {
    if (left < 0) break;
    left = membersLeft(member, left);
  }
  return left;
}

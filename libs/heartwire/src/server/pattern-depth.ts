/** Whether more than `max` objects lie in each other. It looks no deeper than that. */
export function isDeeperThan(max: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return max === 0 || Object.values(value).some((member) => isDeeperThan(max - 1, member));
}

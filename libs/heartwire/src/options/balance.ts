/** What a balancing function sees of a call. */
export interface BalancedPacket {
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** Calls and events with the same key go to the same server, as long as it lives. */
export interface BalanceByKey {
  /** Names what belongs together: a tenant, a room, a user. */
  readonly key: (packet: BalancedPacket) => string;
}

/** How a client chooses between the servers that it is connected to. */
export type Balance = (typeof BALANCES)[number] | BalanceByKey;

export const BALANCES = ['power-of-two', 'round-robin', 'least-loaded', 'first'] as const;

/** What names the calls that belong together, where the balance is by key. */
export function keyOf(balance: Balance): BalanceByKey['key'] | undefined {
  return typeof balance === 'object' ? balance.key : undefined;
}

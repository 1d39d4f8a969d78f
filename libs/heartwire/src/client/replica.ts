import { isInt, isIP, isNumber, max, min } from 'class-validator';

import { type Address, formatAddress, MAX_PORT, type Target } from '../options/address.js';
import type { ResolvedServer, ResolveQuestion } from '../options/resolve.js';
import { shownValue } from '../options/shown-value.js';

/** One server that a client may connect to. */
export interface Replica {
  /** Tells it from all others: what has the same key is the same server. */
  readonly key: string;
  /** For people: its url, with the address that was found for its name. */
  readonly url: string;
  /** With the name that the user gave. */
  readonly address: Address;
  /** What that name stands for; empty where it needs no looking up. */
  readonly hosts: readonly string[];
  readonly priority: number;
  readonly weight: number;
}

/** What must be asked before the target can be dialled; `undefined` when it says itself where it is. */
export function questionFor(target: Target): ResolveQuestion | undefined {
  if (target.kind === 'srv') return { kind: 'srv', name: target.name };
  if (target.kind === 'unix' || isIP(target.host)) return undefined;
  return { kind: 'host', name: target.host, port: target.port };
}

/** The server at an address that needs no looking up. */
export function replicaAt(address: Address): Replica {
  const url = formatAddress(address);
  return { key: url, url, address, hosts: [], priority: 0, weight: 1 };
}

/**
 * The servers that were found behind a name.
 *
 * @param found what a resolver gave: one of the user's may give anything
 * @throws TypeError for what can't be dialled
 */
export function replicasOf(target: Target, found: unknown): readonly Replica[] {
  if (!Array.isArray(found))
    throw new TypeError(`resolve must give a list of servers, not ${shownValue(found)}`);
  return found.map((server: unknown) => replicaOf(target, server));
}

function replicaOf(target: Target, server: unknown): Replica {
  const { host, port, otherHosts, priority, weight } = checkedServer(server);
  const address: Address =
    target.kind === 'srv' || target.kind === 'unix' ? { kind: 'tcp', host, port } : { ...target, port };
  const url = formatAddress(otherHosts.length > 0 ? address : { ...address, host });
  const hosts = [host, ...otherHosts];
  return { key: [url, ...otherHosts].join(' '), url, address, hosts, priority, weight };
}

type FoundServer = { [Key in keyof ResolvedServer]-?: NonNullable<ResolvedServer[Key]> };

function checkedServer(given: unknown): FoundServer {
  const server: Partial<Record<keyof ResolvedServer, unknown>> = given ?? {};
  const { host, port, otherHosts = [], priority = 0, weight = 1 } = server;
  const isPort: boolean = isInt(port) && min(port, 1) && max(port, MAX_PORT);
  const areHosts = isIP(host) && Array.isArray(otherHosts) && otherHosts.every((each) => isIP(each));
  if (isPort && areHosts && isFromZero(priority) && isFromZero(weight)) {
    return { host, port, otherHosts, priority, weight } as FoundServer;
  }
  const shown = Object.entries({ host, port, otherHosts, priority, weight }).map(
    ([name, value]) => `${name}: ${shownValue(value)}`,
  );
  throw new TypeError(
    `resolve must give IP addresses and ports, and priorities and weights from 0, not { ${shown.join(', ')} }`,
  );
}

function isFromZero(value: unknown): boolean {
  return isNumber(value) && min(value, 0);
}

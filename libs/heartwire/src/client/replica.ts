import { isIP } from 'class-validator';

import { type Address, formatAddress, type Target } from '../options/address.js';
import type { ResolvedServer, ResolveQuestion } from '../options/resolve.js';

/** One server that a client may connect to. */
export interface Replica {
  /** Tells it from all others: what has the same key is the same server. */
  readonly key: string;
  readonly address: Address;
  /** What the name in the address stands for; empty where it has none. */
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
  return { key: formatAddress(address), address, hosts: [], priority: 0, weight: 1 };
}

/** The servers that were found behind a name. */
export function replicasOf(target: Target, servers: readonly ResolvedServer[]): readonly Replica[] {
  return servers.map(({ host, port, otherHosts = [], priority = 0, weight = 1 }) => {
    const isNamed = otherHosts.length > 0 && target.kind === 'tcp';
    const address: Address = { kind: 'tcp', host: isNamed ? target.host : host, port };
    const hosts = isNamed ? [host, ...otherHosts] : [];
    return { key: [formatAddress(address), ...hosts].join(' '), address, hosts, priority, weight };
  });
}

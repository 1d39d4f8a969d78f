import { isIP } from 'class-validator';

import { type Address, formatAddress, MAX_PORT, type Target } from '../options/address.js';
import type { ResolvedServer, ResolveQuestion } from '../options/resolve.js';

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
 * @throws TypeError for what can't be dialled: a resolver of the user's may give anything
 */
export function replicasOf(target: Target, servers: readonly ResolvedServer[]): readonly Replica[] {
  return servers.map(({ host, port, otherHosts = [], priority = 0, weight = 1 }) => {
    const isPort = Number.isInteger(port) && port > 0 && port <= MAX_PORT;
    if (!isPort || ![host, ...otherHosts].every((each) => isIP(each))) {
      throw new TypeError(`resolve must give IP addresses and ports, not ${JSON.stringify({ host, port })}`);
    }
    const address: Address =
      target.kind === 'srv' || target.kind === 'unix' ? { kind: 'tcp', host, port } : { ...target, port };
    const url = formatAddress(otherHosts.length > 0 ? address : { ...address, host });
    const hosts = [host, ...otherHosts];
    return { key: [url, ...otherHosts].join(' '), url, address, hosts, priority, weight };
  });
}

import type { LookupAddress, SrvRecord } from 'node:dns';
import { lookup, resolveSrv } from 'node:dns/promises';
import { ADDRCONFIG } from 'node:dns';

import type { ResolvedServer, ResolveQuestion } from '../options/resolve.js';

/**
 * Finds servers as the system does: host names by its resolver (`/etc/hosts`, then DNS), SRV
 * records by DNS. Rejects with Node's own error.
 */
export function resolveByDns(question: ResolveQuestion): Promise<readonly ResolvedServer[]> {
  return question.kind === 'host' ? hosts(question.name, question.port) : services(question.name);
}

async function hosts(name: string, port: number): Promise<readonly ResolvedServer[]> {
  return serversAt(await lookup(name, { all: true, order: 'verbatim', hints: ADDRCONFIG }), port);
}

async function services(name: string): Promise<readonly ResolvedServer[]> {
  // A target of "." says that there is no such service (RFC 2782).
  const records = (await resolveSrv(name)).filter((record) => record.name !== '' && record.name !== '.');
  const found = await Promise.allSettled(records.map((record) => serviceAt(record)));
  const servers = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failure = found.find((each) => each.status === 'rejected');
  if (servers.length === 0 && failure !== undefined) throw failure.reason;
  return servers;
}

async function serviceAt({ name, port, priority, weight }: SrvRecord): Promise<readonly ResolvedServer[]> {
  return (await hosts(name, port)).map((server) => ({ ...server, priority, weight }));
}

/**
 * One IPv4 and one IPv6 address are two ways to one server, as with `localhost`. More of either are
 * replicas, and each is counted once: by the addresses of the family that has more of them.
 */
export function serversAt(addresses: readonly LookupAddress[], port: number): readonly ResolvedServer[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const own = addresses.filter(({ family }) => family === first.family);
  const other = addresses.filter(({ family }) => family !== first.family);
  if (own.length === 1 && other.length === 1) {
    return [{ host: first.address, port, otherHosts: other.map(({ address }) => address) }];
  }
  const replicas = other.length > own.length ? other : own;
  return replicas.map(({ address }) => ({ host: address, port }));
}

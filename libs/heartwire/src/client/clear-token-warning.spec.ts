import { describe, expect, it } from '@jest/globals';

import { parseUrl } from '../options/url.js';
import { ClearTokenWarning } from './clear-token-warning.js';
import { replicaAt, replicasOf, type Replica } from './replica.js';

function warningsFor(replicas: readonly Replica[], hasToken = true): readonly string[] {
  const warnings: string[] = [];
  const logger = { log: () => undefined, warn: (line: string) => warnings.push(line) };
  const warning = new ClearTokenWarning(logger, hasToken);
  for (const replica of replicas) warning.connectingTo(replica);
  return warnings;
}

const at = (url: string): Replica => replicaAt(parseUrl(url));
const named = (url: string, host: string): Replica => {
  const [replica] = replicasOf(parseUrl(url), [{ host, port: 4_001 }]);
  if (replica === undefined) throw new Error('unreachable');
  return replica;
};

describe('a token in clear', () => {
  it.each([
    at('tcp://10.0.0.1:4001'),
    at('tcp://[fd00::1]:4001'),
    named('tcp://orders:4001', '10.0.0.1'),
    named('tcp://localhost:4001', '10.0.0.1'),
  ])('is warned of: $url', (replica) => {
    expect(warningsFor([replica])).toEqual([
      `A token goes to ${replica.url} in clear, for everyone on the way to read: use tls:// instead of tcp://`,
    ]);
  });

  it.each([
    at('tls://10.0.0.1:4001'),
    at('tcp://127.0.0.1:4001'),
    at('tcp://127.8.9.1:4001'),
    at('tcp://[::1]:4001'),
    at('unix:///run/orders.sock'),
    named('tcp://orders:4001', '127.0.0.1'),
  ])('is not, where nobody is on the way: $url', (replica) => {
    expect(warningsFor([replica])).toEqual([]);
  });

  it('is warned of once, however many servers there are', () => {
    expect(
      warningsFor([at('tcp://10.0.0.1:1'), at('tcp://10.0.0.2:1'), at('tcp://10.0.0.1:1')]),
    ).toHaveLength(1);
  });

  it('is not there without a token', () => {
    expect(warningsFor([at('tcp://10.0.0.1:4001')], false)).toEqual([]);
  });
});

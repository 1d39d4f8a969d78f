import { describe, expect, it } from '@jest/globals';

import { parseUrl } from '../options/url.js';
import { questionFor, replicaAt, replicasOf } from './replica.js';

describe('what must be looked up', () => {
  it.each([
    ['tcp://orders:4001', { kind: 'host', name: 'orders', port: 4_001 }],
    ['srv+tcp://_orders._tcp.example', { kind: 'srv', name: '_orders._tcp.example' }],
    ['tcp://127.0.0.1:4001', undefined],
    ['tcp://[::1]:4001', undefined],
    ['unix:///run/orders.sock', undefined],
  ])('for %s: %j', (url, question) => {
    expect(questionFor(parseUrl(url, 'client'))).toEqual(question);
  });
});

describe('the servers behind a name', () => {
  const target = parseUrl('tcp://orders:4001', 'client');

  it('are each at an address of their own', () => {
    const servers = [
      { host: '10.0.0.1', port: 4_001 },
      { host: 'fd00::2', port: 4_002, priority: 2, weight: 5 },
    ];
    expect(replicasOf(target, servers)).toEqual([
      {
        key: 'tcp://10.0.0.1:4001',
        address: { kind: 'tcp', host: '10.0.0.1', port: 4_001 },
        hosts: [],
        priority: 0,
        weight: 1,
      },
      {
        key: 'tcp://[fd00::2]:4002',
        address: { kind: 'tcp', host: 'fd00::2', port: 4_002 },
        hosts: [],
        priority: 2,
        weight: 5,
      },
    ]);
  });

  it('keep the name where it stands for one server with several addresses', () => {
    const [replica] = replicasOf(target, [{ host: '::1', port: 4_001, otherHosts: ['127.0.0.1'] }]);
    expect(replica?.address).toEqual(target);
    expect(replica?.hosts).toEqual(['::1', '127.0.0.1']);
  });

  it('are the same ones when the same addresses are found again', () => {
    const again = replicasOf(target, [{ host: '10.0.0.1', port: 4_001, weight: 9 }]);
    expect(again[0]?.key).toBe(replicasOf(target, [{ host: '10.0.0.1', port: 4_001 }])[0]?.key);
    expect(again[0]?.key).toBe(replicaAt({ kind: 'tcp', host: '10.0.0.1', port: 4_001 }).key);
  });
});

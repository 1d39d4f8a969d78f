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
        url: 'tcp://10.0.0.1:4001',
        address: { kind: 'tcp', host: 'orders', port: 4_001 },
        hosts: ['10.0.0.1'],
        priority: 0,
        weight: 1,
      },
      {
        key: 'tcp://[fd00::2]:4002',
        url: 'tcp://[fd00::2]:4002',
        address: { kind: 'tcp', host: 'orders', port: 4_002 },
        hosts: ['fd00::2'],
        priority: 2,
        weight: 5,
      },
    ]);
  });

  it('are one, under its name, when that has an address of each family', () => {
    const [replica] = replicasOf(target, [{ host: '::1', port: 4_001, otherHosts: ['127.0.0.1'] }]);
    expect(replica).toMatchObject({ url: 'tcp://orders:4001', address: target, hosts: ['::1', '127.0.0.1'] });
  });

  it('of SRV records are at the addresses of their targets', () => {
    const srv = parseUrl('srv+tcp://_orders._tcp.example', 'client');
    const [replica] = replicasOf(srv, [{ host: '10.0.0.1', port: 7 }]);
    expect(replica).toMatchObject({
      url: 'tcp://10.0.0.1:7',
      address: { kind: 'tcp', host: '10.0.0.1', port: 7 },
      hosts: ['10.0.0.1'],
    });
  });

  it.each([
    { host: 'orders-1', port: 4_001 },
    { host: '10.0.0.1', port: 0 },
    { host: '10.0.0.1', port: 65_536 },
    { host: '10.0.0.1', port: Number.NaN },
    { host: '10.0.0.1', port: '4001' },
    { host: 1, port: 1n },
    { port: 4_001 },
    { host: '::1', port: 1, otherHosts: ['orders'] },
    { host: '::1', port: 1, otherHosts: '10.0.0.1,' },
    { host: '::1', port: 1, otherHosts: null },
    { host: '::1', port: 1, weight: null },
    { host: '::1', port: 1, weight: Number.NaN },
    { host: '::1', port: 1, priority: -1 },
    {},
    null,
    'orders',
  ])('can be dialled, or are refused: %p', (server) => {
    expect(() => replicasOf(target, [server])).toThrow(
      'resolve must give IP addresses and ports, and priorities and weights from 0, not {',
    );
  });

  it.each([undefined, null, 'orders', { host: '::1', port: 1 }])('are a list: %p', (found) => {
    expect(() => replicasOf(target, found)).toThrow('resolve must give a list of servers, not ');
  });

  it('are shown where they are refused, but for what is inside of them', () => {
    expect(() => replicasOf(target, [{ host: 'orders', port: 0, weight: [1] }])).toThrow(
      'not { host: "orders", port: 0, otherHosts: an array, priority: 0, weight: an array }',
    );
  });

  it('are the same ones when the same addresses are found again', () => {
    const again = replicasOf(target, [{ host: '10.0.0.1', port: 4_001, weight: 9 }]);
    expect(again[0]?.key).toBe(replicasOf(target, [{ host: '10.0.0.1', port: 4_001 }])[0]?.key);
    expect(again[0]?.key).toBe(replicaAt({ kind: 'tcp', host: '10.0.0.1', port: 4_001 }).key);
  });
});

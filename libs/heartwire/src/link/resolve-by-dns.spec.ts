import { describe, expect, it } from '@jest/globals';

import { resolveByDns, serversAt } from './resolve-by-dns.js';

const v4 = (address: string): { address: string; family: number } => ({ address, family: 4 });
const v6 = (address: string): { address: string; family: number } => ({ address, family: 6 });

describe('the addresses of a name', () => {
  it('are replicas when there are several', () => {
    expect(serversAt([v4('10.0.0.1'), v4('10.0.0.2')], 4001)).toEqual([
      { host: '10.0.0.1', port: 4001 },
      { host: '10.0.0.2', port: 4001 },
    ]);
  });

  it('are two ways to one server when there is one of each family', () => {
    expect(serversAt([v6('::1'), v4('127.0.0.1')], 1)).toEqual([
      { host: '::1', port: 1, otherHosts: ['127.0.0.1'] },
    ]);
  });

  it.each([
    [
      [v6('::1'), v6('::2'), v4('1.1.1.1'), v4('1.1.1.2')],
      ['::1', '::2'],
    ],
    [
      [v6('::1'), v4('1.1.1.1'), v4('1.1.1.2')],
      ['1.1.1.1', '1.1.1.2'],
    ],
    [
      [v4('1.1.1.1'), v6('::1'), v6('::2')],
      ['::1', '::2'],
    ],
    [[], []],
  ])('count each replica of both families once: %j', (addresses, expected) => {
    expect(serversAt(addresses, 1).map(({ host }) => host)).toEqual(expected);
  });

  it('are looked up as the system does it', async () => {
    const servers = await resolveByDns({ kind: 'host', name: 'localhost', port: 7 });
    expect(servers).toHaveLength(1);
    expect(servers[0]).toMatchObject({ port: 7, host: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) });
  });

  it('are not there for a name that nobody has', async () => {
    const question = { kind: 'host', name: 'nowhere.invalid', port: 7 } as const;
    await expect(resolveByDns(question)).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });
});

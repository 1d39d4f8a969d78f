import { beforeEach, describe, expect, it, jest } from '@jest/globals';

interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

const lookup = jest.fn<(name: string) => Promise<{ address: string; family: number }[]>>();
const resolveSrv = jest.fn<(name: string) => Promise<SrvRecord[]>>();

jest.unstable_mockModule('node:dns/promises', () => ({ lookup, resolveSrv }));

const { resolveByDns } = await import('./resolve-by-dns.js');

const question = { kind: 'srv', name: '_chat._tcp.example' } as const;
const at = (...addresses: readonly string[]): { address: string; family: number }[] =>
  addresses.map((address) => ({ address, family: 4 }));

describe('SRV records', () => {
  beforeEach(() => {
    lookup.mockReset();
    resolveSrv.mockReset();
  });

  it('are the servers at every address of every target, with its port, priority and weight', async () => {
    resolveSrv.mockResolvedValue([
      { name: 'a.example', port: 1, priority: 10, weight: 5 },
      { name: 'b.example', port: 2, priority: 20, weight: 0 },
    ]);
    lookup.mockImplementation((name) =>
      Promise.resolve(name === 'a.example' ? at('10.0.0.1', '10.0.0.2') : at('10.0.0.3')),
    );
    expect(await resolveByDns(question)).toEqual([
      { host: '10.0.0.1', port: 1, priority: 10, weight: 5 },
      { host: '10.0.0.2', port: 1, priority: 10, weight: 5 },
      { host: '10.0.0.3', port: 2, priority: 20, weight: 0 },
    ]);
    expect(resolveSrv).toHaveBeenCalledWith('_chat._tcp.example');
  });

  it('are used as far as their targets are known', async () => {
    resolveSrv.mockResolvedValue([
      { name: 'gone.example', port: 1, priority: 0, weight: 1 },
      { name: 'a.example', port: 2, priority: 0, weight: 1 },
    ]);
    lookup.mockImplementation((name) =>
      name === 'a.example' ? Promise.resolve(at('10.0.0.1')) : Promise.reject(new Error('not known')),
    );
    expect(await resolveByDns(question)).toMatchObject([{ host: '10.0.0.1', port: 2 }]);
  });

  it('fail when no target is known, with the reason of the first', async () => {
    resolveSrv.mockResolvedValue([{ name: 'gone.example', port: 1, priority: 0, weight: 1 }]);
    lookup.mockRejectedValue(new Error('not known'));
    await expect(resolveByDns(question)).rejects.toThrow('not known');
  });

  it('of "." say that there is no such service', async () => {
    resolveSrv.mockResolvedValue([{ name: '', port: 0, priority: 0, weight: 0 }]);
    expect(await resolveByDns(question)).toEqual([]);
    expect(lookup).not.toHaveBeenCalled();
  });
});

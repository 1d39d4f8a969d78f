import { describe, expect, it } from '@jest/globals';

import { clientFaults, serverFaults } from '../../../../test/support/option-faults.js';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';

const tcp = 'tcp://127.0.0.1:4001';
const identity = { cert: 'a certificate', key: 'its key' };
const secureUrls = ['tls://127.0.0.1:4001', 'wss://127.0.0.1:4001'] as const;

const noIdentity = /^tls must be given with cert and key for a tls:\/\/ or wss:\/\/ url/;
const half = /^tls must have cert and key together/;
const trustsAnybody = /^tls\.ca must be given with tls\.requestCert/;
const useless = /^tls must not be given without a tls:\/\/ or wss:\/\/ url/;

describe.each(secureUrls)('a server at %s', (url) => {
  it.each<[object | undefined, readonly RegExp[]]>([
    [undefined, [noIdentity]],
    [{ ca: 'an authority' }, [noIdentity]],
    [{ cert: identity.cert }, [half]],
    [{ key: identity.key }, [half]],
    [{ ...identity, requestCert: true }, [trustsAnybody]],
    [{ requestCert: true }, [noIdentity, trustsAnybody]],
  ])('refuses %p', (tls, expected) => {
    const faults = serverFaults({ url, tls });
    expect(faults).toHaveLength(expected.length);
    for (const [index, fault] of expected.entries()) expect(faults[index]).toMatch(fault);
  });

  it.each([
    identity,
    { pfx: Buffer.from('both'), passphrase: 'mellon' },
    { ...identity, ca: 'an authority' },
    { ...identity, ca: 'an authority', requestCert: true, rejectUnauthorized: false },
  ])('takes %p', (tls) => {
    expect(resolveServerOptions({ url, tls }).tls()).toMatchObject(tls);
  });

  it('needs an identity also where another of its urls is in clear', () => {
    expect(serverFaults({ urls: [tcp, url] })).toEqual([expect.stringMatching(noIdentity)]);
  });
});

describe.each(secureUrls)('a client of %s', (url) => {
  it.each([{ cert: identity.cert }, { key: identity.key }])('refuses %p', (tls) => {
    expect(clientFaults({ url, tls })).toEqual([expect.stringMatching(half)]);
  });

  it.each([
    {},
    identity,
    { ca: 'an authority' },
    { servername: 'orders.example.com' },
    { rejectUnauthorized: false },
    { pfx: Buffer.from('both') },
  ])('takes %p', (tls) => {
    expect(resolveClientOptions({ url, tls }).tls.read()).toMatchObject(tls);
  });

  it('may be told later, also where another of its urls is in clear', async () => {
    const options = resolveClientOptions({ urls: [tcp, url], tls: () => identity });
    expect(await options.tls.read()).toMatchObject(identity);
  });
});

describe('in clear', () => {
  it.each([
    identity,
    { ca: 'an authority' },
    { crl: 'a list' },
    { pfx: Buffer.from('both') },
    { passphrase: 'mellon' },
    { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    { minVersion: 'TLSv1.3' },
  ])('neither end may have %p', (tls) => {
    for (const faultsOf of [serverFaults, clientFaults])
      expect(faultsOf({ url: tcp, tls })).toEqual([expect.stringMatching(useless)]);
  });

  it('a server may not ask for certificates', () => {
    expect(serverFaults({ url: tcp, tls: { requestCert: true } })).toEqual([expect.stringMatching(useless)]);
  });

  it.each([{ servername: 'orders.example.com' }, { rejectUnauthorized: false }, () => identity])(
    'a client may not have %p',
    (tls) => {
      expect(clientFaults({ url: tcp, tls })).toEqual([expect.stringMatching(useless)]);
    },
  );

  it('what says nothing is no fault', () => {
    expect(resolveServerOptions({ url: tcp, tls: {} }).tls().cert).toBeUndefined();
    expect(resolveClientOptions({ url: tcp, tls: {} }).tls.isFixed).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';

import { clientFaults, serverFaults } from '../../../../test/support/option-faults.js';
import { thrownBy } from '../../../../test/support/thrown.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';

const url = 'tcp://orders:4001';

describe('url and urls', () => {
  it('must not both be missing', () => {
    expect(clientFaults({})).toEqual([
      'url must be given: there is neither url nor urls; give one such as "tcp://orders:4001"',
    ]);
    expect(serverFaults({})).toEqual([
      'url must be given: there is neither url nor urls; give one such as "tcp://0.0.0.0:4001"',
    ]);
  });

  it('must not both be given', () => {
    expect(clientFaults({ url, urls: [url] })).toEqual([
      'url must not be given beside urls: it is "tcp://orders:4001"; keep only one of the two',
    ]);
  });

  it('must be at least one', () => {
    expect(clientFaults({ urls: [] })).toEqual([
      'urls must be an array of at least one url: it is empty; give one such as ["tcp://orders:4001"]',
    ]);
    expect(serverFaults({ urls: 'tcp://a:1' })).toEqual([
      'urls must be an array of at least one url: it is "tcp://a:1"; give one such as ["tcp://0.0.0.0:4001"]',
    ]);
  });

  it('are judged one by one', () => {
    expect(clientFaults({ urls: ['tcp://a:1', 'tcp://a', 5, 'tcp://a:1'] })).toEqual([
      'urls[1] must end in a port from 1 to 65535: it is "tcp://a"; give one, as in tcp://orders:4001',
      'urls[2] must be a url: it is 5; give one such as tcp://host:4001 or unix:///run/app.sock',
      'urls[3] must differ from urls[0]: it is "tcp://a:1" again; leave it out',
    ]);
  });

  it('may have holes filled in only', () => {
    const urls = ['tcp://a:1'];
    urls[2] = 'tcp://b:1';
    expect(clientFaults({ urls })).toEqual([
      'urls[1] must be a url: it is undefined; give one such as tcp://host:4001 or unix:///run/app.sock',
    ]);
  });

  it('may ask for several free ports', () => {
    expect(resolveServerOptions({ urls: ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'] }).addresses).toHaveLength(
      2,
    );
  });
});

describe('unknown keys', () => {
  it.each([
    [{ heartbeat: { interval: 5 } }, 'heartbeat.interval is no option: did you mean heartbeat.intervalMs?'],
    [
      { heartbeat: { intervallMs: 5 } },
      'heartbeat.intervallMs is no option: did you mean heartbeat.intervalMs?',
    ],
    [{ calltimeoutms: 5 }, 'calltimeoutms is no option: did you mean callTimeoutMs?'],
    [{ maxFrameBytes: 5 }, 'maxFrameBytes is no option: did you mean limits.maxFrameBytes?'],
    [
      { reconnect: { callTimeoutMs: 5 } },
      'reconnect.callTimeoutMs is no option: did you mean callTimeoutMs?',
    ],
    [{ port: 4001 }, 'port is no option: write host and port as one url'],
    [{ retryAttempts: 4 }, 'retryAttempts is no option: use reconnect.maxAttempts'],
    [{ tlsOptions: {} }, 'tlsOptions is no option: use tls, together with a tls:// url'],
    [{ incompleteMessageTimeout: 4 }, 'incompleteMessageTimeout is no option: use limits.frameTimeoutMs'],
    [{ maxSendBufferSize: 4 }, 'maxSendBufferSize is no option: use limits.sendBufferBytes'],
    [
      { heartbeat: { everyMs: undefined } },
      'heartbeat.everyMs is no option: leave it out, or use one of intervalMs, timeoutMs, adaptive, countTraffic',
    ],
  ])('are faults: %j', (options, fault) => {
    expect(clientFaults({ url, ...options })).toEqual([fault]);
  });

  it('suggest no option elsewhere when one here ends in the same word', () => {
    expect(clientFaults({ url, timeoutMs: 5 })).toEqual([
      'timeoutMs is no option: did you mean callTimeoutMs?',
    ]);
    expect(serverFaults({ url, timeoutMs: 5 })).toEqual([
      'timeoutMs is no option: did you mean callTimeoutMs?',
    ]);
  });

  it.each(['strict', 'retryAttempts'])('of a server include what only a client has: %s', (key) => {
    expect(serverFaults({ url, [key]: true })).toEqual([
      `${key} is no option: leave it out, or use one of heartbeat, callTimeoutMs, drainTimeoutMs, resumeWindowMs, serializer, deserializer, url, urls, attach, path, allowedOrigins, maxConnectionAgeMs, maxConnectionIdleMs, statusIntervalMs, tls, authenticate, adapter, limits`,
    ]);
  });

  it('that would touch a prototype are faults like any other, and touch nothing', () => {
    const input: unknown = JSON.parse(
      `{ "url": "${url}", "__proto__": { "strict": true }, "constructor": { "prototype": { "strict": true } }, "heartbeat": { "__proto__": { "intervalMs": 1 } } }`,
    );
    const faults = clientFaults(input);
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'heartbeat.__proto__',
      '__proto__',
      'constructor',
    ]);
    expect(({} as { strict?: unknown }).strict).toBeUndefined();
    expect(resolveClientOptions({ url }).strict).toBe(false);
  });

  it('are quoted when they are strange, and cut when they are long', () => {
    const [strange, long] = clientFaults({ url, 'a\nb': 1, ['x'.repeat(5_000)]: 1 });
    expect(strange).toMatch(/^\["a\\nb"\] is no option: /);
    expect(long).toMatch(/^\["x{60}…"\] is no option: /);
  });
});

describe('secrets', () => {
  const secret = 'hunter2';
  it.each([
    { url, token: secret.repeat(3_000) },
    { url, token: [secret] },
    { url, token: { secret } },
    { url, tls: { passphrase: secret } },
    { url: 'tls://orders:4001', tls: { passphrase: { secret }, key: [secret, 5] } },
    { url: 'tls://orders:4001', tls: { key: secret } },
    { url: 'tls://orders:4001', tls: secret },
    { url: 'tls://orders:4001', tls: { minVersion: secret.length } },
    { url, limits: { token: secret } },
    { url: `tcp://user:${secret}@orders:4001` },
    { url: `tcp://user:${secret}@x@orders:4001` },
    { url: `user:${secret}@orders:4001` },
    { url: `tcp://orders:4001?token=${secret}` },
    { url: `tcp://orders:4001#${secret}` },
    { urls: [url, `redis://:${secret}@orders`] },
    { url, urls: [`tcp://user:${secret}@orders:4001`] },
    { url, heartbeat: { secret }, serializer: { secret } },
    { url: `tcp://u:${secret}@orders:4001/$value` },
    { url, [`$value`]: secret },
  ])('are in no fault: case %#', (input) => {
    const error = thrownBy(HeartwireError, () => resolveClientOptions(input));
    expect(JSON.stringify([error.message, error.details, error.stack])).not.toContain(secret);
  });
});

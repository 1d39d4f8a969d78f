import { describe, expect, it } from '@jest/globals';

import { clientFaults, serverFaults } from '../../../../test/support/option-faults.js';
import { thrownBy } from '../../../../test/support/thrown.js';
import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { OptionFault } from './read-options.js';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';

const url = 'tcp://orders:4001';

describe('faults', () => {
  it('are told all at once, in a list with a code', () => {
    const error = thrownBy(HeartwireError, () =>
      resolveClientOptions({
        url: 'orders:4001',
        heartbeat: { intervalMs: Number.NaN, timeout: 7 },
        callTimeoutMs: 0,
        reconnect: 5,
        limits: { waitingCalls: -1 },
        retries: 3,
      }),
    );
    expect(error).toMatchObject({ code: ErrorCode.INVALID_OPTIONS, sent: 'never', retryable: false });
    const faults = error.details?.faults as readonly OptionFault[];
    expect(faults.map((fault) => fault.path).sort()).toEqual([
      'callTimeoutMs',
      'heartbeat.intervalMs',
      'heartbeat.timeout',
      'limits.waitingCalls',
      'reconnect',
      'retries',
      'url',
    ]);
    const lines = error.message.split('\n');
    expect(lines[0]).toBe('HeartwireClient was given 7 faulty options:');
    expect(lines.slice(1)).toEqual(faults.map((fault) => `- ${fault.message}`));
  });

  it('make one sentence when there is one', () => {
    expect(thrownBy(HeartwireError, () => resolveServerOptions({ url, drainTimeoutMs: -1 })).message).toBe(
      'HeartwireServer was given a faulty option: drainTimeoutMs must be a number of milliseconds from 0 to 2147483647: ' +
        'it is -1; leave it out for the default, 10000',
    );
  });

  it.each([
    [
      { heartbeat: { intervalMs: 5_000, timeoutMs: 3_000 } },
      'heartbeat.timeoutMs must be at least heartbeat.intervalMs: it is 3000 and heartbeat.intervalMs is 5000 (the default); raise the one or lower the other',
    ],
    [
      { heartbeat: { intervalMs: 20_000 } },
      'heartbeat.timeoutMs must be at least heartbeat.intervalMs: it is 10000 (the default) and heartbeat.intervalMs is 20000; raise the one or lower the other',
    ],
    [
      { heartbeat: { intervalMs: 99 } },
      'heartbeat.intervalMs must be a number of milliseconds from 100 to 2147483647: it is 99; leave it out for the default, 5000',
    ],
    [
      { heartbeat: { intervalMs: 100, timeoutMs: 199 } },
      'heartbeat.timeoutMs must be a number of milliseconds from 200 to 2147483647: it is 199; leave it out for the default, 10000',
    ],
    [
      { heartbeat: 5 },
      'heartbeat must be an object: it is 5; give any of { intervalMs, timeoutMs, adaptive, countTraffic }, or leave it out',
    ],
    [
      { heartbeat: [{ intervalMs: 100 }] },
      'heartbeat must be an object: it is an array; give any of { intervalMs, timeoutMs, adaptive, countTraffic }, or leave it out',
    ],
    [
      { heartbeat: null },
      'heartbeat must be an object: it is null; give any of { intervalMs, timeoutMs, adaptive, countTraffic }, or leave it out',
    ],
    [
      { callTimeoutMs: 0 },
      'callTimeoutMs must be a number of milliseconds from 1 to 2147483647: it is 0; every call has a deadline, so give the longest time that a caller should wait',
    ],
    [
      { callTimeoutMs: Infinity },
      'callTimeoutMs must be a number of milliseconds from 1 to 2147483647: it is Infinity; every call has a deadline, so give the longest time that a caller should wait',
    ],
    [
      { callTimeoutMs: '2500' },
      'callTimeoutMs must be a number of milliseconds from 1 to 2147483647: it is "2500"; give the number 2500 instead of a text',
    ],
    [
      { connectTimeoutMs: 2 ** 31 },
      'connectTimeoutMs must be a number of milliseconds from 1 to 2147483647: it is 2147483648; leave it out for the default, 5000',
    ],
    [
      { handshakeTimeoutMs: Number.NaN },
      'handshakeTimeoutMs must be a number of milliseconds from 1 to 2147483647: it is NaN; leave it out for the default, 5000',
    ],
    [
      { reconnect: { maxAttempts: 1.5 } },
      'reconnect.maxAttempts must be a whole number of at least 0, or Infinity: it is 1.5; leave it out for the default, Infinity',
    ],
    [
      { limits: { maxFrameBytes: 2 ** 30 } },
      'limits.maxFrameBytes must be a whole number of bytes from 1024 to 536870888: it is 1073741824; leave it out for the default, 4194304',
    ],
    [
      { limits: { sendBufferBytes: {} } },
      'limits.sendBufferBytes must be a whole number of bytes of at least 1024: it is an object; leave it out for the default',
    ],
    [
      { limits: { deliveryLogBytes: 65_535 } },
      'limits.deliveryLogBytes must be a whole number of bytes of at least 65536: it is 65535; leave it out for the default',
    ],
    [
      { limits: { waitingCalls: Infinity } },
      'limits.waitingCalls must be a whole number of at least 1: it is Infinity; leave it out for the default, 65536',
    ],
    [
      { strict: 'false' },
      'strict must be true or false: it is "false"; give one of them without quotes, or leave it out',
    ],
    [
      { name: 'a\nb' },
      'name must be a text of 1 to 128 characters without control characters: it is "a\\nb"; give a shorter, plain name, or leave it out',
    ],
    [
      { name: '' },
      'name must be a text of 1 to 128 characters without control characters: it is ""; give a shorter, plain name, or leave it out',
    ],
    [
      { balance: 'random' },
      'balance must be one of "power-of-two", "round-robin", "least-loaded", "first", or an object with the function key: it is "random"; give one of them, or leave it out',
    ],
    [
      { balance: { key: 'tenant' } },
      'balance must be one of "power-of-two", "round-robin", "least-loaded", "first", or an object with the function key: it is an object; give one of them, or leave it out',
    ],
    [
      { maxEndpoints: 0 },
      'maxEndpoints must be a whole number of at least 1: it is 0; leave it out for the default, 4',
    ],
    [
      { resolveIntervalMs: 50 },
      'resolveIntervalMs must be a number of milliseconds from 100 to 2147483647: it is 50; leave it out for the default, 30000',
    ],
    [
      { resolve: 'dns' },
      'resolve must be a function that finds the servers behind a name: it is "dns"; give one, or leave it out',
    ],
    [
      { token: 5 },
      'token must be a text of 1 to 16384 characters, or a function that gives one: it is a number; give one of them, or leave it out',
    ],
    [
      { token: { secret: 1 } },
      'token must be a text of 1 to 16384 characters, or a function that gives one: it is an object; give one of them, or leave it out',
    ],
    [
      { token: '' },
      'token must be a text of 1 to 16384 characters, or a function that gives one: it has 0; give one of them, or leave it out',
    ],
    [
      { token: 'x'.repeat(16_385) },
      'token must be a text of 1 to 16384 characters, or a function that gives one: it has 16385; give one of them, or leave it out',
    ],
    [
      { tls: { servername: 'tls://orders:4001' } },
      'tls.servername must be a host name: it is "tls://orders:4001"; give one without scheme and port, or leave it out',
    ],
    [
      { tls: { minVersion: 'TLSv1' } },
      'tls.minVersion must be "TLSv1.2" or "TLSv1.3": it is "TLSv1"; give one of them, or leave it out',
    ],
    [
      { tls: { ca: [] } },
      'tls.ca must be what such a file holds, as a text or a Buffer, or an array of those: it is empty; read the file and give that',
    ],
    [
      { tls: { key: 5 } },
      'tls.key must be what such a file holds, as a text or a Buffer, or an array of those: it is a number; read the file and give that',
    ],
    [
      { tls: true },
      'tls must be an object, or a function that gives one: it is a boolean; give any of { ca, cert, key, passphrase, pfx, crl, ciphers, minVersion, servername, rejectUnauthorized }, or leave it out',
    ],
    [
      { serializer: {} },
      'serializer must be an object with the method serialize: it has none; give an instance that has it, or leave it out',
    ],
    [
      {
        deserializer: class {
          deserialize(): void {
            return;
          }
        },
      },
      'deserializer must be an object with the method deserialize: it is a function; give an instance that has it, or leave it out',
    ],
  ])('of a client given %j: %s', (options, fault) => {
    expect(clientFaults({ url, ...options })).toEqual([fault]);
  });

  it.each([
    [
      { authenticate: 'me' },
      'authenticate must be a function that tells who a client is: it is "me"; give one, or leave it out',
    ],
    [
      { tls: { requestCert: 'yes' } },
      'tls.requestCert must be true or false: it is "yes"; give one of them without quotes, or leave it out',
    ],
    [
      { maxConnectionAgeMs: 0 },
      'maxConnectionAgeMs must be a number of milliseconds from 100 to 2147483647, or Infinity: it is 0; leave it out for the default, Infinity',
    ],
    [
      { limits: { connections: 0 } },
      'limits.connections must be a whole number of at least 1, or Infinity: it is 0; leave it out for the default, Infinity',
    ],
    [
      { limits: { runningCalls: true } },
      'limits.runningCalls must be a whole number of at least 1: it is true; leave it out for the default, 16384',
    ],
    [
      { limits: { waitingEvents: '1e3' } },
      'limits.waitingEvents must be a whole number of at least 1: it is "1e3"; give the number 1000 instead of a text',
    ],
    [
      { limits: { frameTimeoutMs: 99 } },
      'limits.frameTimeoutMs must be a number of milliseconds from 100 to 2147483647: it is 99; leave it out for the default, 30000',
    ],
    [
      { limits: { runningCallsPerConnection: 5n } },
      'limits.runningCallsPerConnection must be a whole number of at least 1: it is 5n; leave it out for the default, 1024',
    ],
  ])('of a server, case %#', (options, fault) => {
    expect(serverFaults({ url, ...options })).toEqual([fault]);
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [Symbol('s'), 'a symbol'],
    ['tcp://orders:4001', '"tcp://orders:4001"'],
    [[{ url }], 'an array'],
    [(): void => undefined, 'a function'],
  ])('of options that are no object (%p)', (input, shown) => {
    expect(clientFaults(input)).toEqual([`options must be an object: it is ${shown}; give at least { url }`]);
  });

  it('accepts Infinity only where there may be no bound', () => {
    expect(resolveClientOptions({ url, reconnect: { maxAttempts: Infinity } }).reconnect.maxAttempts).toBe(
      Infinity,
    );
    expect(resolveServerOptions({ url, limits: { connections: Infinity } }).limits.connections).toBe(
      Infinity,
    );
    expect(serverFaults({ url, drainTimeoutMs: Infinity, limits: { runningCalls: -Infinity } })).toHaveLength(
      2,
    );
  });
});

describe('where WebSockets are accepted', () => {
  const attach = {
    on: () => undefined,
    off: () => undefined,
    listeners: () => [],
    address: () => null,
    close: () => undefined,
  };

  it('may be an HTTP server instead of a url, or beside it', () => {
    expect(resolveServerOptions({ attach })).toMatchObject({ addresses: [], attach, path: '/heartwire' });
    const both = resolveServerOptions({
      attach,
      url,
      path: '/live',
      allowedOrigins: ['https://chat.example'],
    });
    expect(both).toMatchObject({ path: '/live', allowedOrigins: ['https://chat.example'] });
    expect(both.addresses).toHaveLength(1);
  });

  it.each([
    [
      { attach: () => undefined },
      'attach must be an HTTP server of Node: it is a function; give app.getHttpServer(), or what http.createServer() returns',
    ],
    [
      { attach: {} },
      'attach must be an HTTP server of Node: it is an object; give app.getHttpServer(), or what http.createServer() returns',
    ],
    [
      { attach, path: 'live' },
      'path must be a path without a query: it is "live"; give one such as "/heartwire"',
    ],
    [
      { attach, path: '/live?x' },
      'path must be a path without a query: it is "/live?x"; give one such as "/heartwire"',
    ],
    [
      { url, path: '/live' },
      'path must not be given without attach: it is "/live"; write it into the ws:// url',
    ],
    [
      { url, allowedOrigins: 'https://chat.example' },
      'allowedOrigins must be an array of origins, or a function: it is "https://chat.example"; give one such as ["https://chat.example.com"]',
    ],
    [
      { url, allowedOrigins: ['https://chat.example/'] },
      'allowedOrigins[0] must be an origin: it is "https://chat.example/"; give scheme and host, without a path, as in "https://chat.example.com"',
    ],
  ])('%#: is told with what to do', (options, fault) => {
    expect(serverFaults(options)).toEqual([fault]);
  });
});

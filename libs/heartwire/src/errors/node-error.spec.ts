import { describe, expect, it } from '@jest/globals';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ErrorCode } from './error-code.js';
import { HeartwireError } from './heartwire-error.js';
import { fromNodeError } from './node-error.js';

const { CONNECTION_LOST, CONNECT_FAILED, CONNECT_TIMEOUT, INTERNAL } = ErrorCode;

function systemError(errno: string, syscall?: string, more: object = {}): Error {
  return Object.assign(new Error(`${syscall ?? ''} ${errno}`), { code: errno, syscall, ...more });
}

describe('fromNodeError', () => {
  it.each([
    [
      systemError('ECONNREFUSED', 'connect', { address: '127.0.0.1', port: 9 }),
      CONNECT_FAILED,
      'nothing listens at 127.0.0.1:9 (ECONNREFUSED)',
    ],
    [
      systemError('ECONNREFUSED', 'connect', { address: '::1', port: 9 }),
      CONNECT_FAILED,
      'nothing listens at [::1]:9 (ECONNREFUSED)',
    ],
    [
      systemError('ETIMEDOUT', 'connect', { address: '10.0.0.1', port: 9 }),
      CONNECT_TIMEOUT,
      '10.0.0.1:9 does not answer (ETIMEDOUT)',
    ],
    [
      systemError('ENOTFOUND', 'getaddrinfo', { hostname: 'orders' }),
      CONNECT_FAILED,
      'the name "orders" is not known (ENOTFOUND)',
    ],
    [
      systemError('EAI_AGAIN', 'getaddrinfo', { hostname: 'orders' }),
      CONNECT_FAILED,
      'the name "orders" can\'t be looked up at the moment (EAI_AGAIN)',
    ],
    [
      systemError('EHOSTUNREACH', 'connect', { address: '10.0.0.1', port: 9 }),
      CONNECT_FAILED,
      'no way leads to 10.0.0.1:9 (EHOSTUNREACH)',
    ],
    [systemError('ECONNRESET', 'connect'), CONNECT_FAILED, 'the other end reset the connection (ECONNRESET)'],
    [
      systemError('ENOENT', 'connect', { address: '/run/a.sock' }),
      CONNECT_FAILED,
      'there is no socket file /run/a.sock (ENOENT)',
    ],
    [
      systemError('EACCES', 'connect', { address: '/run/a.sock' }),
      CONNECT_FAILED,
      'this process may not use /run/a.sock, or its directory does not exist (EACCES)',
    ],
    [systemError('ESOMETHING', 'connect'), CONNECT_FAILED, 'connect ESOMETHING (ESOMETHING)'],
  ])('of a connection that was not opened: %s', (cause, code, message) => {
    // prettier-ignore
    expect(fromNodeError(cause, CONNECT_FAILED)).toMatchObject({ code, message, sent: 'never', retryable: true, cause });
  });

  it.each([
    [systemError('ECONNRESET', 'read'), 'the other end reset the connection (ECONNRESET)'],
    [systemError('EPIPE', 'write'), 'the other end has closed the connection (EPIPE)'],
    [systemError('ETIMEDOUT', 'read'), 'the other end does not answer (ETIMEDOUT)'],
    [systemError('EHOSTUNREACH', 'read'), 'no way leads to the other end (EHOSTUNREACH)'],
  ])('of a connection that stood: %s, whatever the fallback', (cause, message) => {
    for (const fallback of [CONNECTION_LOST, INTERNAL]) {
      expect(fromNodeError(cause, fallback)).toMatchObject({
        code: CONNECTION_LOST,
        message,
        sent: 'maybe',
        cause,
      });
    }
  });

  it.each([
    [
      systemError('EADDRINUSE', 'listen', { address: '::', port: 4001 }),
      '[::]:4001 is in use already (EADDRINUSE)',
    ],
    [
      systemError('EADDRINUSE', 'listen', { address: '/run/a.sock', port: -1 }),
      '/run/a.sock is in use already (EADDRINUSE)',
    ],
    [
      systemError('EADDRNOTAVAIL', 'listen', { address: '10.9.9.9', port: 1 }),
      '10.9.9.9:1 is no address of this machine (EADDRNOTAVAIL)',
    ],
    [
      systemError('ENOTFOUND', 'getaddrinfo', { hostname: 'nowhere' }),
      'the name "nowhere" is not known (ENOTFOUND)',
    ],
    [systemError('EMFILE', 'accept'), 'this process has as many files and sockets open as it may (EMFILE)'],
  ])('of a server that could not listen: %s has the fallback as its code', (cause, message) => {
    expect(fromNodeError(cause, INTERNAL)).toMatchObject({ code: INTERNAL, message, cause });
  });

  it('tells every address that was tried', () => {
    const errors = [
      systemError('ECONNREFUSED', 'connect', { address: '::1', port: 9 }),
      systemError('ECONNREFUSED', 'connect', { address: '127.0.0.1', port: 9 }),
    ];
    const cause = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    expect(fromNodeError(cause, INTERNAL)).toMatchObject({
      code: CONNECT_FAILED,
      message: 'nothing listens at [::1]:9 or 127.0.0.1:9 (ECONNREFUSED)',
      details: { errno: 'ECONNREFUSED', syscall: 'connect' },
      cause,
    });
  });

  it('leaves a HeartwireError as it is', () => {
    const error = new HeartwireError(ErrorCode.CLOSED, 'm');
    expect(fromNodeError(error, INTERNAL)).toBe(error);
  });

  it.each([
    [{ code: 'CERT_HAS_EXPIRED' }, 'the certificate of the other end has expired (CERT_HAS_EXPIRED)'],
    [
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'orders.example' },
      'the certificate of the other end is not for "orders.example" (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    [
      { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
      'no authority that is trusted here has signed the certificate of the other end (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [{ code: 'ERR_SSL_HTTP_REQUEST' }, 'the other end does not speak TLS (ERR_SSL_HTTP_REQUEST)'],
    [
      {
        code: 'ERR_SSL_NO_SHARED_CIPHER',
        library: 'SSL routines',
        reason: 'no shared cipher',
        message:
          '80:error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher:../deps/x.c:1:\n',
      },
      'no shared cipher (ERR_SSL_NO_SHARED_CIPHER)',
    ],
    [systemError('ECONNRESET', 'read'), 'the other end reset the connection (ECONNRESET)'],
    [systemError('ETIMEDOUT', 'connect'), 'the other end does not answer (ETIMEDOUT)'],
  ])('of a handshake that broke is that it broke, whatever did it: %j', (cause, message) => {
    expect(fromNodeError(cause, ErrorCode.HANDSHAKE_FAILED)).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      message,
      sent: 'never',
    });
  });

  it('of a certificate that the other end misses, once the connection stood, is a broken handshake too', () => {
    const cause = { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' };
    expect(fromNodeError(cause, CONNECTION_LOST)).toMatchObject({ code: 'HANDSHAKE_FAILED', sent: 'never' });
  });

  it.each([
    [new Error('odd'), 'odd'],
    ['odd', 'odd'],
    [new Error(''), 'an unknown failure'],
    [undefined, 'an unknown failure'],
    [{ code: 7 }, 'an unknown failure'],
  ])('of anything else (%p) has the fallback as its code', (cause, message) => {
    const error = fromNodeError(cause, CONNECTION_LOST);
    expect(error).toMatchObject({ code: CONNECTION_LOST, message });
    expect(error.details).toBeUndefined();
    expect(error.cause).toBe(cause);
  });

  it('takes no meaning from the names of the prototype', () => {
    expect(fromNodeError(systemError('constructor'), INTERNAL)).toMatchObject({ code: INTERNAL });
  });

  it('reads the errors of real sockets', async () => {
    const path = join(tmpdir(), `heartwire-no-such-${String(process.pid)}.sock`);
    const missing = await new Promise((resolve) => connect({ path }).once('error', resolve));
    expect(fromNodeError(missing, CONNECT_FAILED)).toMatchObject({
      code: CONNECT_FAILED,
      message: `there is no socket file ${path} (ENOENT)`,
    });

    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const rival = createServer();
    const taken = await new Promise((resolve) => rival.once('error', resolve).listen(port, '127.0.0.1'));
    expect(fromNodeError(taken, INTERNAL).message).toBe(
      `127.0.0.1:${String(port)} is in use already (EADDRINUSE)`,
    );

    server.close();
    await once(server, 'close');

    // A port that was free a moment ago may be somebody else's by now.
    const refused = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve));
    expect(fromNodeError(refused, INTERNAL)).toMatchObject({
      code: CONNECT_FAILED,
      message: 'nothing listens at 127.0.0.1:1 (ECONNREFUSED)',
    });
  });
});

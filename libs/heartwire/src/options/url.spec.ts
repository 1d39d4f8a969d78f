import { describe, expect, it } from '@jest/globals';

import { ErrorCode } from '../errors/error-code.js';
import { formatAddress } from './address.js';
import { parseUrl } from './url.js';

describe('parseUrl', () => {
  it.each([
    ['tcp://orders:4001', 'orders', 4001],
    ['tcp://0.0.0.0:4001', '0.0.0.0', 4001],
    ['tcp://127.0.0.1:0', '127.0.0.1', 0],
    ['tcp://[::1]:4001', '::1', 4001],
    ['tcp://[::]:0', '::', 0],
    ['tcp://[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
    ['tcp://my_service.chat-net:65535', 'my_service.chat-net', 65_535],
    ['tcp://münchen.example:1', 'münchen.example', 1],
  ])('reads %s, and formatAddress writes it again', (url, host, port) => {
    const address = parseUrl(url);
    expect(address).toEqual({ kind: 'tcp', host, port });
    expect(formatAddress(address)).toBe(url);
  });

  it.each(['unix:///run/orders.sock', 'unix:///tmp/a b/%20?x#y:1.sock'])(
    'reads %s literally, and writes it again',
    (url) => {
      const address = parseUrl(url);
      expect(address).toEqual({ kind: 'unix', path: url.slice('unix://'.length) });
      expect(formatAddress(address)).toBe(url);
    },
  );

  it('reads tls:// as tcp://, and writes it again', () => {
    const address = parseUrl('tls://[::1]:4001');
    expect(address).toEqual({ kind: 'tls', host: '::1', port: 4001 });
    expect(formatAddress(address)).toBe('tls://[::1]:4001');
    expect(() => parseUrl('tls://orders')).toThrow('give one, as in tls://orders:4001');
  });

  it.each([
    ['ws://chat:4002/heartwire', { kind: 'ws', host: 'chat', port: 4_002, path: '/heartwire' }],
    ['wss://[::1]:0/a/b-c', { kind: 'wss', host: '::1', port: 0, path: '/a/b-c' }],
  ])('reads %s with its path, and writes it again', (url, address) => {
    expect(parseUrl(url)).toEqual(address);
    expect(formatAddress(parseUrl(url))).toBe(url);
  });

  it.each([
    ['ws://chat', 'ws://chat:80/'],
    ['wss://chat/heartwire', 'wss://chat:443/heartwire'],
    ['wss://[::1]', 'wss://[::1]:443/'],
  ])('reads %s as browsers do', (url, whole) => {
    expect(formatAddress(parseUrl(url))).toBe(whole);
    expect(formatAddress(parseUrl(url, 'client'))).toBe(whole);
  });

  it('accepts a scheme in capitals and one trailing slash', () => {
    expect(parseUrl('TCP://orders:4001/')).toEqual({ kind: 'tcp', host: 'orders', port: 4001 });
  });

  it.each([
    ['', 'must be a url: it is ""; give one such as tcp://host:4001 or unix:///run/app.sock'],
    [
      'orders:4001',
      'must be a url: it is "orders:4001"; give one such as tcp://host:4001 or unix:///run/app.sock',
    ],
    [
      ' tcp://orders:4001',
      'must be a url: it is " tcp://orders:4001"; give one such as tcp://host:4001 or unix:///run/app.sock',
    ],
    [
      'http://orders:4001',
      'must begin with tcp://, tls://, ws://, wss:// or unix://: it is "http://orders:4001"; use one of them instead of http://',
    ],
    [
      'ws://chat/heartwire?room=lobby',
      'must have a plain path, without a query: it is "ws://chat/heartwire?***"; give one such as ws://chat.example.com/heartwire',
    ],
    [
      'wss://chat:port/heartwire',
      'must end in a port from 0 (any free one) to 65535: it is "wss://chat:port/heartwire"; give one, as in wss://orders:4001',
    ],
    [
      'ws://ada:pw@chat',
      'must not hold credentials: it is "ws://***@chat"; leave out everything up to the @',
    ],
    [
      'srv+tcp://_orders._tcp.example',
      'must be one to listen at: it is "srv+tcp://_orders._tcp.example"; SRV records are for clients: use tcp://, tls://, ws://, wss:// or unix://',
    ],
    [
      'tcp://orders',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://orders:',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders:"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://orders:65536',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders:65536"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://orders:-1',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders:-1"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://orders:http',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders:http"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://orders:0x50',
      'must end in a port from 0 (any free one) to 65535: it is "tcp://orders:0x50"; give one, as in tcp://orders:4001',
    ],
    [
      'tcp://:4001',
      'must name a host: it is "tcp://:4001"; give a name or an IP address, as in tcp://orders:4001',
    ],
    [
      'tcp://*:4001',
      'must name a host: it is "tcp://*:4001"; give a name or an IP address, as in tcp://orders:4001',
    ],
    [
      'tcp://300.1.1.1:4001',
      'must name a host: it is "tcp://300.1.1.1:4001"; give a name or an IP address, as in tcp://orders:4001',
    ],
    [
      'tcp://a b:4001',
      'must name a host: it is "tcp://a b:4001"; give a name or an IP address, as in tcp://orders:4001',
    ],
    [
      'tcp://::1',
      'must be tcp://host:port: it is "tcp://::1"; put an IPv6 address in brackets, as in tcp://[::1]:4001',
    ],
    [
      'tcp://fe80::1:4001',
      'must be tcp://host:port: it is "tcp://fe80::1:4001"; put an IPv6 address in brackets, as in tcp://[::1]:4001',
    ],
    [
      'tcp://[127.0.0.1]:4001',
      'must have an IPv6 address in its brackets: it is "tcp://[127.0.0.1]:4001"; give one such as tcp://[::1]:4001',
    ],
    [
      'tcp://[::1:4001',
      'must be tcp://host:port: it is "tcp://[::1:4001"; put an IPv6 address in brackets, as in tcp://[::1]:4001',
    ],
    [
      'tcp://orders:4001/chat',
      'must end after the port: it is "tcp://orders:4001/chat"; leave out the path and the query',
    ],
    [
      'tcp://orders:4001?a=b',
      'must end after the port: it is "tcp://orders:4001?***"; leave out the path and the query',
    ],
    [
      'tcp://me:pw@orders:4001',
      'must not hold credentials: it is "tcp://***@orders:4001"; leave out everything up to the @',
    ],
    [
      'unix://run/app.sock',
      'must have an absolute path: it is "unix://run/app.sock"; write three slashes, as in unix:///run/app.sock',
    ],
    [
      'unix:///run/',
      'must name a file: it is "unix:///run/"; give the path of the socket file, as in unix:///run/app.sock',
    ],
    ['unix:///a\0b', 'must not hold a NUL character: it is "unix:///a\\u0000b"; leave it out'],
  ])('refuses %j', (url, fault) => {
    expect(() => parseUrl(url)).toThrow(
      expect.objectContaining({ code: ErrorCode.INVALID_OPTIONS, message: `url ${fault}` }),
    );
  });

  it.each(['srv+tcp://_orders._tcp.example.com', 'srv+tcp://_chat._tcp.chat.default.svc.cluster.local.'])(
    'reads %s for a client, and writes it again',
    (url) => {
      const target = parseUrl(url, 'client');
      expect(target).toEqual({ kind: 'srv', name: url.slice('srv+tcp://'.length) });
      expect(formatAddress(target)).toBe(url);
    },
  );

  it.each([
    'srv+tcp://orders',
    'srv+tcp://_orders._tcp',
    'srv+tcp://_orders._tcp.example:4001',
    'srv+tcp://',
  ])('refuses %s for a client', (url) => {
    expect(() => parseUrl(url, 'client')).toThrow(
      'url must name SRV records, without a port: it is ' + JSON.stringify(url),
    );
  });

  it('takes a path of 107 bytes, and none longer', () => {
    const path = `/${'ü'.repeat(53)}`;
    expect(parseUrl(`unix://${path}`)).toEqual({ kind: 'unix', path });
    expect(() => parseUrl(`unix://${path}x`)).toThrow('must have a path of at most 107 bytes');
  });

  it('leaves port 0 to servers', () => {
    expect(parseUrl('tcp://[::1]:0', 'server')).toMatchObject({ port: 0 });
    expect(() => parseUrl('tcp://orders:0', 'client')).toThrow(
      'url must name the port to connect to: it is "tcp://orders:0"; give the one that the server listens on',
    );
    expect(() => parseUrl('tcp://orders:70000', 'client')).toThrow('must end in a port from 1 to 65535');
  });
});

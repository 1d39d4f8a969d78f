import { isIP } from 'class-validator';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { type Address, MAX_PORT, type SrvTarget, type Target } from './address.js';
import { shownUrl } from './shown-value.js';

/** Who uses a url: only a server can do something with port 0, only a client with SRV records. */
export type Side = 'server' | 'client';

/** Why a text is no url of ours, and what to do. Neither repeats the text, which may hold credentials. */
export interface UrlFault {
  readonly kind: 'fault';
  readonly problem: string;
  readonly remedy: string;
}

const WEB_PORTS = { ws: 80, wss: 443 } as const;
const MAX_HOST_CHARACTERS = 253;
/** What fits a socket address on Linux. Other systems may take less, and say so. */
const MAX_PATH_BYTES = 107;

/**
 * What a url names; never SRV records on a server.
 *
 * @throws HeartwireError `INVALID_OPTIONS`
 */
export function parseUrl(url: string, side?: 'server'): Address;
export function parseUrl(url: string, side: Side): Target;
export function parseUrl(url: string, side: Side = 'server'): Target {
  const read = readUrl(url, side);
  if (read.kind !== 'fault') return read;
  const message = `url ${read.problem}: it is ${shownUrl(url)}; ${read.remedy}`;
  throw new HeartwireError(ErrorCode.INVALID_OPTIONS, message);
}

/** As {@link parseUrl}, with a fault as a value. */
export function readUrl(url: unknown, side: Side): Target | UrlFault {
  const [, scheme, rest] =
    typeof url === 'string' ? (/^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(url) ?? []) : [];
  if (scheme === undefined || rest === undefined) {
    return fault('must be a url', 'give one such as tcp://host:4001 or unix:///run/app.sock');
  }
  switch (scheme.toLowerCase()) {
    case 'tcp':
    case 'tls':
      return readTcp(scheme.toLowerCase() as 'tcp' | 'tls', rest, side);
    case 'ws':
    case 'wss':
      return readWebSocket(scheme.toLowerCase() as 'ws' | 'wss', rest, side);
    case 'unix':
      return readUnix(rest);
    case 'srv+tcp':
      return side === 'client'
        ? readSrv(rest)
        : fault(
            'must be one to listen at',
            'SRV records are for clients: use tcp://, tls://, ws://, wss:// or unix://',
          );
    default:
      return fault(
        'must begin with tcp://, tls://, ws://, wss:// or unix://',
        `use one of them instead of ${scheme.slice(0, 20)}://`,
      );
  }
}

function readTcp(kind: 'tcp' | 'tls', rest: string, side: Side): Address | UrlFault {
  if (rest.includes('@')) return withCredentials();
  // One trailing slash is what URL.toString() and many tools add.
  const authority = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  if (/[/?#\\]/.test(authority)) return fault('must end after the port', 'leave out the path and the query');
  const read = readAuthority(kind, authority, side);
  return read.kind === 'fault' ? read : { ...read, kind };
}

/** The port may be left out: HTTP has its own. */
function readWebSocket(kind: 'ws' | 'wss', rest: string, side: Side): Address | UrlFault {
  if (rest.includes('@')) return withCredentials();
  const [, authority = '', path = ''] = /^([^/?#\\]*)(.*)$/s.exec(rest) ?? [];
  if (path !== '' && !isPath(path)) {
    return fault(
      'must have a plain path, without a query',
      `give one such as ${kind}://chat.example.com/heartwire`,
    );
  }
  const hasPort = /:[^\]]*$/.test(authority);
  const read = readAuthority(kind, hasPort ? authority : `${authority}:${String(WEB_PORTS[kind])}`, side);
  return read.kind === 'fault' ? read : { ...read, kind, path: path === '' ? '/' : path };
}

/** A path as it stands in a request: it begins with a slash, and what is special in it is percent-encoded. */
export function isPath(path: string): boolean {
  return /^\/[\w\-.~!$&'()*+,;=:@%/]{0,1000}$/.test(path);
}

function withCredentials(): UrlFault {
  return fault('must not hold credentials', 'leave out everything up to the @');
}

interface Authority {
  readonly kind: 'authority';
  readonly host: string;
  readonly port: number;
}

function readAuthority(scheme: string, authority: string, side: Side): Authority | UrlFault {
  const [, bracketed, name, portText] = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::([^:]*))?$/s.exec(authority) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) {
    return fault(
      `must be ${scheme}://host:port`,
      `put an IPv6 address in brackets, as in ${scheme}://[::1]:4001`,
    );
  }
  if (bracketed === undefined ? !isName(host) : !isIP(host, 6)) {
    return bracketed === undefined
      ? fault('must name a host', `give a name or an IP address, as in ${scheme}://orders:4001`)
      : fault('must have an IPv6 address in its brackets', `give one such as ${scheme}://[::1]:4001`);
  }
  const port = /^\d{1,5}$/.test(portText ?? '') ? Number(portText) : Number.NaN;
  if (port === 0 && side === 'client')
    return fault('must name the port to connect to', 'give the one that the server listens on');
  if (!(port <= MAX_PORT)) {
    const lowest = side === 'server' ? '0 (any free one)' : '1';
    return fault(
      `must end in a port from ${lowest} to ${String(MAX_PORT)}`,
      `give one, as in ${scheme}://orders:4001`,
    );
  }
  return { kind: 'authority', host, port };
}

/** The path is taken as it is, with no percent signs decoded. */
function readUnix(path: string): Address | UrlFault {
  if (!path.startsWith('/'))
    return fault('must have an absolute path', 'write three slashes, as in unix:///run/app.sock');
  if (path.endsWith('/'))
    return fault('must name a file', 'give the path of the socket file, as in unix:///run/app.sock');
  if (path.includes('\0')) return fault('must not hold a NUL character', 'leave it out');
  if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
    return fault(`must have a path of at most ${String(MAX_PATH_BYTES)} bytes`, 'use a shorter directory');
  }
  return { kind: 'unix', path };
}

function readSrv(rest: string): SrvTarget | UrlFault {
  const name = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  const isServiceName =
    name.length <= MAX_HOST_CHARACTERS && /^_[\w-]+\._tcp(\.[\p{L}\p{N}_-]+)+\.?$/u.test(name);
  return isServiceName
    ? { kind: 'srv', name }
    : fault(
        'must name SRV records, without a port',
        'give their name, as in srv+tcp://_orders._tcp.example.com',
      );
}

/** A name as people give to hosts and containers, or an IPv4 address. */
function isName(host: string): boolean {
  if (host.length > MAX_HOST_CHARACTERS || !/^[\p{L}\p{N}_]([\p{L}\p{N}\p{M}_.-]*)$/u.test(host))
    return false;
  return /^[\d.]+$/.test(host) ? isIP(host, 4) : true;
}

function fault(problem: string, remedy: string): UrlFault {
  return { kind: 'fault', problem, remedy };
}

/** Where a server listens, or a client connects to. */
export type Address = TcpAddress | UnixAddress | WebSocketAddress;

export interface TcpAddress {
  /** `tls` is TCP that TLS keeps secret. */
  readonly kind: 'tcp' | 'tls';
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  /** 0 lets the system pick a free port; servers only. */
  readonly port: number;
}

export interface UnixAddress {
  readonly kind: 'unix';
  /** The absolute path of the socket file. */
  readonly path: string;
}

export interface WebSocketAddress {
  /** `wss` is a WebSocket over TLS. */
  readonly kind: 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  /** Begins with a slash. */
  readonly path: string;
}

/** The highest port there is. */
export const MAX_PORT = 65_535;

/** What a client is given: an address, or the name of a service whose addresses are in DNS. */
export type Target = Address | SrvTarget;

export interface SrvTarget {
  readonly kind: 'srv';
  /** The name of the SRV records: `_chat._tcp.example.com`. */
  readonly name: string;
}

/** The url of an address: `tcp://orders:4001`, `tls://[::1]:4001`, `unix:///run/orders.sock`, `ws://chat:80/heartwire`, `srv+tcp://_orders._tcp.example`. */
export function formatAddress(address: Target): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  if (address.kind === 'srv') return `srv+tcp://${address.name}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const path = 'path' in address ? address.path : '';
  return `${address.kind}://${host}:${String(address.port)}${path}`;
}

/** One where TLS keeps secret what is said. */
export type SecureAddress =
  (TcpAddress & { readonly kind: 'tls' }) | (WebSocketAddress & { readonly kind: 'wss' });

export function isSecure(target: Target): target is SecureAddress {
  return target.kind === 'tls' || target.kind === 'wss';
}

export function isWebSocket(target: Target): target is WebSocketAddress {
  return target.kind === 'ws' || target.kind === 'wss';
}

/** Where a server listens, or a client connects to. */
export type Address = TcpAddress | UnixAddress;

export interface TcpAddress {
  readonly kind: 'tcp';
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

/** The url of an address: `tcp://orders:4001`, `tcp://[::1]:4001`, `unix:///run/orders.sock`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp://${host}:${String(address.port)}`;
}

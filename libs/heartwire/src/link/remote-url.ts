import type { Socket } from 'node:net';

/** Where the other end of a socket is, for people. */
export function remoteUrl(
  { remoteAddress, remotePort }: Socket,
  scheme: 'tcp' | 'tls' | 'ws' | 'wss',
): string {
  if (remoteAddress === undefined) return 'unix://';
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return `${scheme}://${host}:${String(remotePort)}`;
}

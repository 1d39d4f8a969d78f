import type { Logger } from './connection-log.js';
import type { Replica } from './replica.js';

/** Warns, once for each client, that a token is about to travel where everyone on the way can read it. */
export class ClearTokenWarning {
  private isDue: boolean;

  constructor(
    private readonly logger: Logger,
    hasToken: boolean,
  ) {
    this.isDue = hasToken;
  }

  connectingTo({ address, hosts, url }: Replica): void {
    if (!this.isDue || address.kind !== 'tcp') return;
    if ((hosts.length === 0 ? [address.host] : hosts).every(isLoopback)) return;
    this.isDue = false;
    this.logger.warn(
      `A token goes to ${url} in clear, for everyone on the way to read: use tls:// instead of tcp://`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127\./i.test(host);
}

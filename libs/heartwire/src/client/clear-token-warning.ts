import type { Logger } from './connection-log.js';
import type { Replica } from './replica.js';

const SECURE = new Map<string, string>([
  ['tcp', 'tls'],
  ['ws', 'wss'],
]);

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
    const secure = SECURE.get(address.kind);
    if (!this.isDue || address.kind === 'unix' || secure === undefined) return;
    if ((hosts.length === 0 ? [address.host] : hosts).every(isLoopback)) return;
    this.isDue = false;
    this.logger.warn(
      `A token goes to ${url} in clear, for everyone on the way to read: use ${secure}:// instead of ${address.kind}://`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127\./i.test(host);
}

import type { Address, Target } from '../options/address.js';
import type { ClientTlsSource } from '../options/tls-options.js';
import { type Dial, dial } from './dial.js';
import { type ClientSecurity, secure } from './secure.js';
import { secureContextOf } from './secure-context.js';

export interface DiallerSettings {
  readonly targets: readonly Target[];
  /** For the connection to stand, in ms. */
  readonly connectTimeoutMs: number;
  /** For TLS on it, in ms. */
  readonly handshakeTimeoutMs: number;
  readonly tls: ClientTlsSource;
}

/** Opens sockets for one client, in the way that their addresses ask for. */
export class Dialler {
  private readonly askForSecurity: () => ClientSecurity | Promise<ClientSecurity>;

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used */
  constructor(private readonly settings: DiallerSettings) {
    const { targets, tls } = settings;
    const isUsed = targets.some(({ kind }) => kind === 'tls');
    const fixed = isUsed && tls.isFixed ? securityOf(tls.read()) : undefined;
    this.askForSecurity = () => fixed ?? read(tls);
  }

  /** As {@link dial}; over TLS it also rejects with `HANDSHAKE_FAILED`. */
  dial(address: Address, hosts: readonly string[]): Dial {
    const { connectTimeoutMs, handshakeTimeoutMs } = this.settings;
    const opening = dial(address, hosts, connectTimeoutMs);
    if (address.kind !== 'tls') return opening;
    let giveUp = (): void => opening.cancel();
    const socket = opening.socket.then(async (plain) => {
      giveUp = () => plain.destroy();
      try {
        return await secure(plain, address.host, this.askForSecurity, handshakeTimeoutMs);
      } finally {
        giveUp = () => undefined;
      }
    });
    return { socket, cancel: () => giveUp() };
  }
}

async function read(tls: ClientTlsSource): Promise<ClientSecurity> {
  return securityOf(await tls.read());
}

function securityOf(options: Awaited<ReturnType<ClientTlsSource['read']>>): ClientSecurity {
  return { options, context: secureContextOf(options) };
}

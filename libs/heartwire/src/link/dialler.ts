import type { Socket } from 'node:net';

import { type Address, isSecure, isWebSocket, type Target } from '../options/address.js';
import type { ClientTlsSource } from '../options/tls-options.js';
import type { Clock } from '../timing/clock.js';
import { askForWebSocket } from './ask-for-web-socket.js';
import { dial } from './dial.js';
import type { Link } from './link.js';
import { clientWebSocketEncoder, nodeFrameEncoder } from './node-runtime.js';
import { type ClientSecurity, secure } from './secure.js';
import { secureContextOf } from './secure-context.js';
import type { SocketLinkSettings } from './link-over-socket.js';
import { SocketLink } from './socket-link.js';
import { WebSocketLink } from './web-socket-link.js';

export interface DiallerSettings {
  readonly targets: readonly Target[];
  /** For the connection to stand, in ms. */
  readonly connectTimeoutMs: number;
  /** For TLS on it, in ms, and again for the WebSocket. */
  readonly handshakeTimeoutMs: number;
  readonly tls: ClientTlsSource;
  readonly limits: SocketLinkSettings;
}

/** A link being opened. */
export interface Dialling {
  /** Rejects with `CONNECT_FAILED`, `CONNECT_TIMEOUT` or `HANDSHAKE_FAILED`. */
  readonly link: Promise<Link>;
  /** Gives up; the promise then rejects. Does nothing once the link is there. */
  cancel(): void;
}

/** Opens links for one client, in the way that their addresses ask for. */
export class Dialler {
  private readonly askForSecurity: () => ClientSecurity | Promise<ClientSecurity>;
  private readonly frames = nodeFrameEncoder();
  private readonly webSockets = clientWebSocketEncoder();

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used */
  constructor(
    private readonly settings: DiallerSettings,
    private readonly clock: Clock,
  ) {
    const { targets, tls } = settings;
    const isUsed = targets.some(isSecure);
    const fixed = isUsed && tls.isFixed ? securityOf(tls.read()) : undefined;
    this.askForSecurity = () => fixed ?? read(tls);
  }

  /** `hosts` are what the address's name stands for, as for {@link dial}. */
  dial(address: Address, hosts: readonly string[]): Dialling {
    const opening = dial(address, hosts, this.settings.connectTimeoutMs);
    let giveUp = (): void => opening.cancel();
    const link = opening.socket.then(async (plain) => {
      giveUp = () => plain.destroy();
      try {
        return await this.linkOver(plain, address);
      } finally {
        giveUp = () => undefined;
      }
    });
    return { link, cancel: () => giveUp() };
  }

  private async linkOver(plain: Socket, address: Address): Promise<Link> {
    const { handshakeTimeoutMs, limits } = this.settings;
    const socket = isSecure(address)
      ? await secure(plain, address.host, this.askForSecurity, handshakeTimeoutMs)
      : plain;
    if (!isWebSocket(address)) return new SocketLink(socket, this.frames, this.clock, limits);
    const { maxFrameBytes } = limits;
    const webSocket = await askForWebSocket(socket, address, { maxFrameBytes, handshakeTimeoutMs });
    return new WebSocketLink(webSocket, socket, this.webSockets, this.clock, limits);
  }
}

async function read(tls: ClientTlsSource): Promise<ClientSecurity> {
  return securityOf(await tls.read());
}

function securityOf(options: Awaited<ReturnType<ClientTlsSource['read']>>): ClientSecurity {
  return { options, context: secureContextOf(options) };
}

import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import type { ClientTlsOptions } from '../options/tls-options.js';

/** How TLS is to be spoken on one connection. */
export interface ClientSecurity {
  readonly options: ClientTlsOptions;
  readonly context: SecureContext;
}

/**
 * Speaks TLS on a connection that stands, and takes it over. Ends it, and rejects with
 * `HANDSHAKE_FAILED`, when the server's certificate is no good, when it isn't TLS that the other end
 * speaks, or when it takes longer than `timeoutMs`, the asking for options included. Who destroys the
 * plain socket gives up.
 *
 * @param host the name that the certificate must have, unless the options say otherwise
 */
export function secure(
  plain: Socket,
  host: string,
  ask: () => ClientSecurity | Promise<ClientSecurity>,
  timeoutMs: number,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      plain.destroy();
      reject(fromNodeError(error, ErrorCode.HANDSHAKE_FAILED));
    };
    const timer = setTimeout(() => {
      fail(handshakeFailed(`the TLS handshake with ${host} took longer than ${String(timeoutMs)} ms`));
    }, timeoutMs);
    const onClose = (): void => {
      fail(handshakeFailed(`the connection to ${host} ended during the TLS handshake`));
    };
    plain.on('error', fail).once('close', onClose);
    const begin = ({ options, context }: ClientSecurity): void => {
      if (plain.destroyed) return;
      // What TLS makes of it inherits this: one who leaves in the middle of a handshake ends it.
      plain.allowHalfOpen = false;
      const { servername = isIP(host) === 0 ? host : undefined, rejectUnauthorized } = options;
      const socket = connect({
        socket: plain,
        host,
        ...(servername !== undefined && { servername }),
        secureContext: context,
        rejectUnauthorized,
      });
      socket.once('error', fail).once('secureConnect', () => {
        clearTimeout(timer);
        plain.removeListener('close', onClose);
        socket.removeListener('error', fail);
        socket.allowHalfOpen = true;
        resolve(socket);
      });
    };
    Promise.resolve().then(ask).then(begin).catch(fail);
  });
}

function handshakeFailed(message: string): HeartwireError {
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message);
}

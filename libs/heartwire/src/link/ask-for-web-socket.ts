import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { WebSocket } from 'ws';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { formatAddress, type WebSocketAddress } from '../options/address.js';
import { webSocketOptions } from './web-socket-link.js';

export interface AskSettings {
  readonly maxFrameBytes: number;
  /** How long the answer may take, in ms. */
  readonly handshakeTimeoutMs: number;
}

/**
 * Asks the server at the other end of a connection for a WebSocket. Ends the connection, and rejects with
 * `HANDSHAKE_FAILED`, when the server answers with anything else, or not in time. Who destroys the socket gives up.
 */
export function askForWebSocket(
  socket: Socket,
  address: WebSocketAddress,
  { maxFrameBytes, handshakeTimeoutMs }: AskSettings,
): Promise<WebSocket> {
  const url = formatAddress(address);
  return new Promise((resolve, reject) => {
    const fail = (error: HeartwireError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(handshakeFailed(`${url} has not answered within ${String(handshakeTimeoutMs)} ms`));
    }, handshakeTimeoutMs);
    const webSocket = new WebSocket(requestUrl(address), {
      ...webSocketOptions(maxFrameBytes),
      createConnection: () => socket,
    });
    const onError = (error: Error): void => {
      fail(explained(error, url));
    };
    webSocket
      .on('error', onError)
      .once('unexpected-response', (_request: unknown, { statusCode = 0 }: IncomingMessage) => {
        const status = [String(statusCode), STATUS_CODES[statusCode] ?? ''].join(' ').trim();
        fail(handshakeFailed(`${url} gives no WebSocket: it answers with HTTP status ${status}`, statusCode));
      })
      .once('open', () => {
        clearTimeout(timer);
        webSocket.off('error', onError);
        // Nobody hears what comes before the link is made.
        webSocket.pause();
        resolve(webSocket);
      });
  });
}

/** The zone of an IPv6 address means nothing to the other end, and is no part of a url. */
function requestUrl(address: WebSocketAddress): string {
  return formatAddress({ ...address, host: address.host.replace(/%.*$/, '') });
}

function explained(error: Error, url: string): HeartwireError {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code.startsWith('HPE_'))
    return handshakeFailed(`what listens at ${url} doesn't speak HTTP`, undefined, error);
  if (code === 'ECONNRESET')
    return handshakeFailed(`${url} closed the connection instead of giving a WebSocket`, undefined, error);
  return fromNodeError(error, ErrorCode.HANDSHAKE_FAILED);
}

function handshakeFailed(message: string, status?: number, cause?: unknown): HeartwireError {
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message, {
    ...(status !== undefined && { details: { status } }),
    ...(cause !== undefined && { cause }),
  });
}

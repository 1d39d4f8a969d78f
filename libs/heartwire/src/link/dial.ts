import { connect, isIP, type LookupFunction, type Socket } from 'node:net';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { type Address, formatAddress } from '../options/address.js';
import { SOCKET_OPTIONS } from './socket-options.js';

/** What `net.connect` asks for the addresses of a name, and always for all of them. */
function knownHosts(hosts: readonly string[]): LookupFunction {
  const addresses = hosts.map((address) => ({ address, family: isIP(address) }));
  return (_name, _options, callback) => {
    callback(null, addresses);
  };
}

/** A connection being opened. */
export interface Dial {
  /** Rejects with `CONNECT_FAILED` or `CONNECT_TIMEOUT`. */
  readonly socket: Promise<Socket>;
  /** Gives up; the promise then rejects. Does nothing once the socket is open. */
  cancel(): void;
}

/**
 * Opens a socket to an address. `hosts` are what its name stands for: they are tried one after the other, all within
 * `connectTimeoutMs`, and the first that answers is used. An address of numbers needs none.
 */
export function dial(address: Address, hosts: readonly string[], connectTimeoutMs: number): Dial {
  const target =
    address.kind === 'unix'
      ? { path: address.path }
      : { host: address.host, port: address.port, lookup: knownHosts(hosts) };
  const socket = connect({ ...target, ...SOCKET_OPTIONS, allowHalfOpen: true, autoSelectFamily: true });
  const url = formatAddress(address);

  const opened = new Promise<Socket>((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `no connection to ${url} within ${String(connectTimeoutMs)} ms`;
      fail(new HeartwireError(ErrorCode.CONNECT_TIMEOUT, message));
    }, connectTimeoutMs);
    const fail = (error: HeartwireError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const onClose = (): void => {
      fail(new HeartwireError(ErrorCode.CLOSED, `the dial to ${url} was given up`));
    };
    socket
      .once('error', (error) => {
        fail(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      })
      .once('close', onClose)
      .once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error').removeListener('close', onClose);
        resolve(socket);
      });
  });
  const cancel = (): void => {
    if (socket.connecting) socket.destroy();
  };
  return { socket: opened, cancel };
}

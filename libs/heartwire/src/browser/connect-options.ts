import type { ReconnectOptions } from '../options/reconnect-options.js';
import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { SessionLimits, SessionSettings } from '../session/session-settings.js';
import type { Platform, WebSocketClass } from './platform.js';

const MEBIBYTE = 1_024 ** 2;

/**
 * What the client bounds. Each is described with the option of `HeartwireClient` that has the same name. The defaults don't
 * grow with `maxFrameBytes` here: raise the others with it.
 */
export interface ConnectLimits {
  /** The longest message that is taken, in bytes. Default 4 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** What may wait for a server that doesn't read, in bytes. Default 16 MiB. */
  readonly sendBufferBytes?: number | undefined;
  /** What may be on its way without an acknowledgement, in bytes, 64 KiB or more. Default 16 MiB. */
  readonly deliveryLogBytes?: number | undefined;
  /** Calls that may wait for a connection, or for their turn. Default 1024. */
  readonly waitingCalls?: number | undefined;
  /** The same, in bytes. Default 16 MiB. */
  readonly waitingBytes?: number | undefined;
  /** Items that an Observable may be ahead of its receiver. Default 65536. */
  readonly streamBufferItems?: number | undefined;
  /** The same, in bytes. Default 16 MiB. */
  readonly streamBufferBytes?: number | undefined;
}

/** All may be left out but `url`. Times in ms. */
export interface ConnectOptions {
  /** `ws://host/path`, `wss://host/path`, or a path like `/heartwire`, at the page's own host. */
  readonly url: string;
  /**
   * Proves who this client is, to a server that asks for it. A function is asked at each connect, so that it can give a
   * fresh one. Give it over `wss://` only. Default: none.
   */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** What this client calls itself in the server's logs and `connections`. At most 256 characters. Default: none. */
  readonly name?: string | undefined;
  /** How long a call may take unless it says otherwise. Default 5000. */
  readonly callTimeoutMs?: number | undefined;
  /** How long to wait for each item of a stream after the first. Default `Infinity`. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long the WebSocket may take to stand. Default 5000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long the server may take to answer `hello`. Default 5000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** What `close()` gives to what runs. Default 10000. */
  readonly drainTimeoutMs?: number | undefined;
  /** How long a session waits for a new link. Default 30000. */
  readonly resumeWindowMs?: number | undefined;
  /** When silence means that the server is gone. The server's own are used where they are smaller. Default 5000 and 10000. */
  readonly heartbeat?:
    { readonly intervalMs?: number | undefined; readonly timeoutMs?: number | undefined } | undefined;
  /** How to come back: the options of `HeartwireClient`, with the same defaults. */
  readonly reconnect?:
    { readonly [Key in keyof ReconnectOptions]?: ReconnectOptions[Key] | undefined } | undefined;
  /** What the client bounds. */
  readonly limits?: ConnectLimits | undefined;
  /** The class to connect with. Default: the platform's own. Give the one of the package `ws` to Node before 22. */
  readonly WebSocket?: WebSocketClass | undefined;
}

/** What holds: complete. */
export interface Settings extends Omit<SessionSettings, 'clientId'> {
  readonly url: string;
  readonly WebSocket: WebSocketClass;
  readonly callTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnect: ReconnectOptions;
}

/** @throws HeartwireError `INVALID_OPTIONS` when the url is none, or there is no WebSocket */
export function settingsOf(options: ConnectOptions, platform: Platform): Settings {
  const { token, url, WebSocket = platform.WebSocket } = options;
  if (WebSocket === undefined) throw invalid('WebSocket', 'there is none here');
  return {
    callTimeoutMs: 5_000,
    idleTimeoutMs: Infinity,
    connectTimeoutMs: 5_000,
    handshakeTimeoutMs: 5_000,
    drainTimeoutMs: 10_000,
    resumeWindowMs: 30_000,
    ...given(options),
    url: webSocketUrl(url, platform.location?.href),
    WebSocket,
    token: typeof token === 'string' ? () => token : token,
    heartbeat: { intervalMs: 5_000, timeoutMs: 10_000, ...given(options.heartbeat) },
    reconnect: {
      maxAttempts: Infinity,
      firstMaxMs: 100,
      baseMs: 50,
      growthMs: 100,
      maxMs: 5_000,
      stableAfterMs: 10_000,
      afterRefusal: false,
      ...given(options.reconnect),
    },
    limits: { ...LIMITS, ...given(options.limits) },
  };
}

const LIMITS: SessionLimits = {
  maxFrameBytes: 4 * MEBIBYTE,
  sendBufferBytes: 16 * MEBIBYTE,
  deliveryLogBytes: 16 * MEBIBYTE,
  waitingCalls: 1_024,
  waitingBytes: 16 * MEBIBYTE,
  streamBufferItems: 65_536,
  streamBufferBytes: 16 * MEBIBYTE,
  outgoingStreamBytes: 64 * MEBIBYTE,
  // Announced to the server; nothing runs here for long.
  runningCallsPerConnection: 1_024,
  waitingEvents: 0,
  waitingEventBytes: 0,
  incomingStreams: 0,
  incomingStreamBytes: 0,
};

/** Without what is `undefined`: that takes no default's place. */
function given<Part extends object>(part?: Part): { [Key in keyof Part]: NonNullable<Part[Key]> } {
  const copy: Record<string, unknown> = { ...part };
  for (const key in copy) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it is a copy, and short in a page
    if (copy[key] === undefined) delete copy[key];
  }
  return copy as never;
}

/** A path is at the page's own host, and as safe as the page. */
function webSocketUrl(url: string, page: string | undefined): string {
  let whole: URL;
  try {
    whole = new URL(url, page);
  } catch {
    throw invalid('url', `${JSON.stringify(url)} is no URL`);
  }
  const { protocol } = whole;
  if (!/^(ws|http)s?:$/.test(protocol)) throw invalid('url', `it must begin with ws:// or wss://`);
  whole.protocol = protocol.replace('http', 'ws');
  whole.hash = '';
  return whole.href;
}

function invalid(option: string, fault: string): HeartwireError {
  return new HeartwireError(ErrorCode.INVALID_OPTIONS, `connect: ${option}: ${fault}`);
}

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Settings } from './connect-options.js';
import type { WebSocketLike } from './platform.js';

/** A WebSocket that is being opened. */
export interface Dial {
  /** Nothing more is told of it. */
  cancel(): void;
}

/** Opens a WebSocket: one of the two functions is called, once. Why it failed, no browser tells. */
export function dial(
  { url, WebSocket, connectTimeoutMs }: Settings,
  opened: (socket: WebSocketLike) => void,
  failed: (error: HeartwireError) => void,
): Dial {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let isOver = false;
  const over = (): boolean => {
    if (isOver) return true;
    isOver = true;
    clearTimeout(timer);
    return false;
  };
  const giveUp = (code: ErrorCode, message: string): void => {
    if (over()) return;
    socket.close();
    failed(new HeartwireError(code, message));
  };
  const timer = setTimeout(() => {
    giveUp(
      ErrorCode.CONNECT_TIMEOUT,
      `no connection to ${withoutSecrets(url)} within ${String(connectTimeoutMs)} ms`,
    );
  }, connectTimeoutMs);
  const refused = (): void => {
    giveUp(ErrorCode.CONNECT_FAILED, `no connection to ${withoutSecrets(url)}`);
  };
  socket.addEventListener('open', () => {
    if (!over()) opened(socket);
  });
  // An error that nobody listens for would end a process of Node's.
  socket.addEventListener('error', refused);
  socket.addEventListener('close', refused);
  return {
    cancel: () => {
      if (!over()) socket.close();
    },
  };
}

/** What is shown of a url: its query may hold what is secret, and so may what is before an @. */
export function withoutSecrets(url: string): string {
  return url.replace(/\?.*/, '').replace(/\/\/[^/]*@/, '//');
}

import type { Dialler } from '../link/dialler.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { Codec } from '../session/codec.js';
import type { Dispatch } from '../session/served-calls.js';
import type { SessionSettings } from '../session/session-settings.js';
import type { SharedSendBuffer } from '../session/shared-send-buffer.js';
import type { Runtime } from '../timing/runtime.js';

/** What the connections of one client share. */
export interface ConnectionSettings {
  readonly options: ResolvedClientOptions;
  readonly runtime: Runtime;
  readonly dialler: Dialler;
  readonly codec: Codec | undefined;
  readonly sharedSendBuffer: SharedSendBuffer;
  /** Who handles what the servers push and ask. */
  readonly dispatch: Dispatch;
  /** Whether anybody listens for what the servers push. */
  readonly awaitsPushes: () => boolean;
}

/** What each session of these connections goes by. */
export function sessionSettings({ options, codec, sharedSendBuffer }: ConnectionSettings): SessionSettings {
  const { limits } = options;
  return {
    ...options,
    clientId: '',
    limits: { ...limits, waitingEvents: limits.waitingCalls, waitingEventBytes: limits.waitingBytes },
    codec,
    sharedSendBuffer,
  };
}

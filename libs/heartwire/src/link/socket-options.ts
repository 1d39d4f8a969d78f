/** When the kernel asks an idle connection for a sign of life: a backup for heartbeats only. */
export const KEEP_ALIVE_MS = 30_000;

/** What every stream socket of this library is opened with. */
export const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;

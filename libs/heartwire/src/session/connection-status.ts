/** What an application sees of its client. */
export type ConnectionStatus =
  | 'connecting'
  | 'connected'
  /** Its servers have closed its connections, as nobody used them. It connects again with the next call. */
  | 'idle'
  | 'reconnecting'
  | 'draining'
  | 'closed';

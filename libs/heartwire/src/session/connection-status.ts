/** What an application sees of its client. */
export type ConnectionStatus = 'connecting' | 'connected' | 'reconnecting' | 'draining' | 'closed';

import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const ON_CONNECT = 'heartwire:on-connect';
export const ON_DISCONNECT = 'heartwire:on-disconnect';

/**
 * A method that is called when a client is there: with its first word, before the server handles that. It gets
 * the `ServerConnection`. What it throws is logged. A hybrid application has clients before it is ready: they are greeted
 * once it is. Needs `HeartwireModule.forServer(server)`.
 *
 * @example
 * @OnConnect()
 * welcome(connection: ServerConnection) { connection.join('lobby'); }
 */
export const OnConnect = (): CustomDecorator => SetMetadata(ON_CONNECT, true);

/**
 * A method that is called when a client is gone for good, not while its session waits for a new link. It gets
 * the `ServerConnection`, which is in no room any more, and the reason, a `HeartwireError`. What it throws is logged.
 * Needs `HeartwireModule.forServer(server)`.
 *
 * @example
 * @OnDisconnect()
 * forget({ clientId }: ServerConnection, reason: HeartwireError) { this.seen.delete(clientId); }
 */
export const OnDisconnect = (): CustomDecorator => SetMetadata(ON_DISCONNECT, true);

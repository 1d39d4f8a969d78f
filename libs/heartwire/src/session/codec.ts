import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { PacketDeserializer, PacketSerializer } from '../options/shared-options.js';
import { Decoding, type DecodingHost } from './decoding.js';

/**
 * A user's serializer and deserializer. They see requests, events and responses as whole
 * packets; control messages never pass through them.
 */
export interface Codec {
  readonly encode?: ((packet: object) => unknown) | undefined;
  /** For one session. */
  readonly decoding?: ((host: DecodingHost, maxWaitingBytes: number) => Decoding) | undefined;
}

/** What a user's options make of it; nothing, for most. */
export function codecOf({
  serializer,
  deserializer,
}: {
  readonly serializer: PacketSerializer | undefined;
  readonly deserializer: PacketDeserializer | undefined;
}): Codec | undefined {
  if (serializer === undefined && deserializer === undefined) return undefined;
  return {
    encode: serializer === undefined ? undefined : (packet) => said(serializer.serialize(packet)),
    decoding:
      deserializer === undefined
        ? undefined
        : (host, maxWaitingBytes) =>
            new Decoding((raw) => deserializer.deserialize(raw), host, maxWaitingBytes),
  };
}

/**
 * The other end would take nothing, or what JSON makes of a Promise, for a breach of the protocol, and end the connection
 * with all other calls on it.
 */
function said(packet: unknown): unknown {
  const isPromise = packet instanceof Promise;
  if (!isPromise && packet !== undefined && packet !== null) return packet;
  // Nobody waits for it: that it fails must not end the process.
  if (isPromise) packet.catch(() => undefined);
  const message = `the serializer must give what is to be sent: it gave ${isPromise ? 'a Promise' : String(packet)}`;
  throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message);
}

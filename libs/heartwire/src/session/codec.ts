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
    encode: serializer === undefined ? undefined : (packet) => serializer.serialize(packet),
    decoding:
      deserializer === undefined
        ? undefined
        : (host, maxWaitingBytes) =>
            new Decoding((raw) => deserializer.deserialize(raw), host, maxWaitingBytes),
  };
}

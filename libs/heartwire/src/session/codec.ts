/**
 * A user's serializer and deserializer. They see requests, events and responses as whole
 * packets; control messages never pass through them.
 */
export interface Codec {
  readonly encode?: ((packet: object) => unknown) | undefined;
  readonly decode?: ((raw: unknown) => unknown) | undefined;
}

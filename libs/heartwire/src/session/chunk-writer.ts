import { toWireError } from '../errors/wire-error.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { chunkEndText, chunkText, withLongMember, withMore } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import { LONG_JSON, toJson } from './call-body.js';
import type { Codec } from './codec.js';
import { checkSize, sayable } from './message-size.js';

/** Puts the items of a caller's stream into words, through the user's serializer if there is one. */
export class ChunkWriter {
  constructor(
    private readonly codec: Codec | undefined,
    /** The longest message that the other end takes. */
    private readonly limits: { readonly maxFrameBytes: number },
  ) {}

  /** A serializer wants to see whole items. */
  get cutsBytes(): boolean {
    return this.codec?.encode === undefined;
  }

  /**
   * A piece of bytes that were cut.
   *
   * @throws HeartwireError `FRAME_TOO_LARGE`
   */
  piece(id: CallId, bytes: Uint8Array): Outgoing {
    const message = { header: withMore(chunkText(id, undefined)), bytes };
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }

  /** @throws HeartwireError `UNSERIALIZABLE` or `FRAME_TOO_LARGE` */
  item(id: CallId, value: unknown): Outgoing {
    const message = this.encoded({ id, chunk: value }) ?? chunk(id, value);
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }

  end(id: CallId): Outgoing {
    return this.encoded({ id, end: true }) ?? chunkEndText(id);
  }

  /** What failed must be told, whatever a serializer makes of it and however long it is. */
  failure(id: CallId, error: unknown): Outgoing {
    try {
      const err = toWireError(error);
      const message = this.encoded({ id, end: true, err }) ?? chunkEndText(id, toJson(err) ?? 'null');
      checkSize(message, this.limits.maxFrameBytes);
      return message;
    } catch (fault) {
      return chunkEndText(id, JSON.stringify(toWireError(sayable(fault))));
    }
  }

  private encoded(packet: object): string | undefined {
    const encode = this.codec?.encode;
    return encode === undefined ? undefined : (toJson(encode(packet)) ?? 'null');
  }
}

function chunk(id: CallId, value: unknown): Outgoing {
  if (value instanceof Uint8Array) return { header: chunkText(id, undefined), bytes: value };
  const json = toJson(value);
  if (json === undefined || json.length < LONG_JSON) return chunkText(id, json);
  return withLongMember('{"id":' + JSON.stringify(id) + '}', 'chunk', json);
}

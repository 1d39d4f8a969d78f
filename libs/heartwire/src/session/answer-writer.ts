import { toWireError } from '../errors/wire-error.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { failureText, responseText, withLongMember, withMore } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import { LONG_JSON, toJson } from './call-body.js';
import type { Codec } from './codec.js';
import { checkSize, sayable } from './message-size.js';
import type { Refusal } from './refusal.js';

/** Puts answers into words, through the user's serializer if there is one. */
export class AnswerWriter {
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
    const message = { header: withMore(responseText(id, undefined, false)), bytes };
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }

  /** @throws HeartwireError `UNSERIALIZABLE` or `FRAME_TOO_LARGE` */
  value(id: CallId, value: unknown, isLast: boolean): Outgoing {
    const message = this.encoded({ id, response: value, isDisposed: isLast }) ?? answer(id, value, isLast);
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }

  end(id: CallId): Outgoing {
    return this.encoded({ id, isDisposed: true }) ?? responseText(id, undefined, true);
  }

  /** What failed must be told, whatever a serializer makes of it and however long it is. */
  failure(id: CallId, err: unknown): Outgoing {
    try {
      const message = this.encoded({ id, err, isDisposed: true }) ?? failureText(id, toJson(err) ?? 'null');
      checkSize(message, this.limits.maxFrameBytes);
      return message;
    } catch (error) {
      return failureText(id, JSON.stringify(toWireError(sayable(error))));
    }
  }

  /** As a failure, in words that are ready. */
  refusal(id: CallId, { err, json }: Refusal): Outgoing {
    return this.codec?.encode === undefined ? failureText(id, json) : this.failure(id, err);
  }

  private encoded(packet: object): string | undefined {
    const encode = this.codec?.encode;
    return encode === undefined ? undefined : (toJson(encode(packet)) ?? 'null');
  }
}

function answer(id: CallId, value: unknown, isLast: boolean): Outgoing {
  if (value instanceof Uint8Array) return { header: responseText(id, undefined, isLast), bytes: value };
  const json = toJson(value);
  if (json === undefined || json.length < LONG_JSON) return responseText(id, json, isLast);
  return withLongMember(responseText(id, undefined, isLast), 'response', json);
}

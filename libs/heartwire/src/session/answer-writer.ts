import { toWireError } from '../errors/wire-error.js';
import { failureText, responseText, withLongMember, withFlag } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { LONG_JSON, toJson } from './call-body.js';
import { ItemWriter } from './item-writer.js';
import { sayable } from './message-size.js';
import type { Refusal } from './refusal.js';

/** Puts answers into words, through the user's serializer if there is one. */
export class AnswerWriter extends ItemWriter {
  /**
   * A piece of bytes that were cut.
   *
   * @throws HeartwireError `FRAME_TOO_LARGE`
   */
  piece(id: CallId, bytes: Uint8Array): Outgoing {
    return this.fitting({ header: withFlag(responseText(id, undefined, false), 'more'), bytes });
  }

  /** @throws HeartwireError `UNSERIALIZABLE` or `FRAME_TOO_LARGE` */
  value(id: CallId, value: unknown, isLast: boolean): Outgoing {
    return this.fitting(
      this.encoded({ id, response: value, isDisposed: isLast }) ?? answer(id, value, isLast),
    );
  }

  end(id: CallId): Outgoing {
    return this.encoded({ id, isDisposed: true }) ?? responseText(id, undefined, true);
  }

  /** What failed must be told, whatever a serializer makes of it and however long it is. */
  failure(id: CallId, err: unknown): Outgoing {
    try {
      return this.fitting(
        this.encoded({ id, err, isDisposed: true }) ?? failureText(id, toJson(err) ?? 'null'),
      );
    } catch (error) {
      return failureText(id, JSON.stringify(toWireError(sayable(error))));
    }
  }

  /** As a failure, in words that are ready. */
  refusal(id: CallId, { err, json }: Refusal): Outgoing {
    return this.cutsBytes ? failureText(id, json) : this.failure(id, err);
  }
}

function answer(id: CallId, value: unknown, isLast: boolean): Outgoing {
  if (value instanceof Uint8Array) return { header: responseText(id, undefined, isLast), bytes: value };
  const json = toJson(value);
  if (json === undefined || json.length < LONG_JSON) return responseText(id, json, isLast);
  return withLongMember(responseText(id, undefined, isLast), 'response', json);
}

import { toWireError } from '../errors/wire-error.js';
import { chunkEndText, chunkText, withLongMember, withFlag } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { LONG_JSON, toJson } from './call-body.js';
import { ItemWriter } from './item-writer.js';
import { sayable } from './message-size.js';

/** Puts the items of a caller's stream into words, through the user's serializer if there is one. */
export class ChunkWriter extends ItemWriter {
  /**
   * A piece of bytes that were cut.
   *
   * @throws HeartwireError `FRAME_TOO_LARGE`
   */
  piece(id: CallId, bytes: Uint8Array): Outgoing {
    return this.fitting({ header: withFlag(chunkText(id, undefined), 'more'), bytes });
  }

  /** @throws HeartwireError `UNSERIALIZABLE` or `FRAME_TOO_LARGE` */
  item(id: CallId, value: unknown): Outgoing {
    return this.fitting(this.encoded({ id, chunk: value }) ?? chunk(id, value));
  }

  end(id: CallId): Outgoing {
    return this.encoded({ id, end: true }) ?? chunkEndText(id);
  }

  /** What failed must be told, whatever a serializer makes of it and however long it is. */
  failure(id: CallId, error: unknown): Outgoing {
    try {
      const err = toWireError(error);
      return this.fitting(this.encoded({ id, end: true, err }) ?? chunkEndText(id, toJson(err) ?? 'null'));
    } catch (fault) {
      return chunkEndText(id, JSON.stringify(toWireError(sayable(fault))));
    }
  }
}

function chunk(id: CallId, value: unknown): Outgoing {
  if (value instanceof Uint8Array) return { header: chunkText(id, undefined), bytes: value };
  const json = toJson(value);
  if (json === undefined || json.length < LONG_JSON) return chunkText(id, json);
  return withLongMember('{"id":' + JSON.stringify(id) + '}', 'chunk', json);
}

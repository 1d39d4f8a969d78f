import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { firstLineOf } from '../errors/thrown.js';
import { jsonText } from '../protocol/json-text.js';
import { eventText, requestText, withLongMember } from '../protocol/message-text.js';
import type { CallId, Metadata } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { checkedMetadata } from './checked-metadata.js';
import type { Codec } from './codec.js';

/** JSON of at least so many characters is not copied into its message's text. */
export const LONG_JSON = 4_096;

/**
 * What a call says, ready to be sent under any id: it is written down when the call is made, so
 * later changes to the caller's objects don't travel.
 */
export interface CallBody {
  /** About what it takes while it waits, in bytes. */
  readonly sizeBytes: number;
  /** With `stream`, the caller's chunks follow it. */
  request(id: CallId, timeoutMs: number | undefined, stream?: boolean): Outgoing;
  event(id: CallId | undefined): Outgoing;
}

/**
 * @throws HeartwireError `UNSERIALIZABLE` when pattern or data can't be written as JSON, or pattern or metadata is what
 * the other end would take for a breach of the protocol, and so for the end of the connection.
 */
export function callBody(pattern: unknown, data: unknown, given?: Metadata, codec?: Codec): CallBody {
  const patternJson = patternText(pattern);
  const metadata = checkedMetadata(given);
  if (codec?.encode !== undefined) return new EncodedBody(codec.encode, pattern, data, metadata);
  // They were checked to be texts.
  const metadataJson = JSON.stringify(metadata) as string | undefined;
  if (data instanceof Uint8Array) return new BinaryBody(patternJson, data, metadataJson);
  return new JsonBody(patternJson, toJson(data), metadataJson);
}

/**
 * The other end would take anything else for a breach of the protocol, and close the connection for it.
 *
 * @throws HeartwireError `UNSERIALIZABLE`
 */
export function patternText(pattern: unknown): string {
  const json = toJson(pattern);
  if (json !== undefined && json !== 'null' && json !== 'true' && json !== 'false') return json;
  const message = `the pattern must be a string, a number or an object: it is ${json ?? typeof pattern}`;
  throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message);
}

/** JSON text; `undefined` where JSON has no word for the value. */
export function toJson(value: unknown): string | undefined {
  try {
    return jsonText(value);
  } catch (cause) {
    const message = `the value can't be written as JSON: ${firstLineOf(cause)}`;
    throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message, { cause });
  }
}

/** A packet in the words of a user's serializer. @throws HeartwireError `UNSERIALIZABLE`, and what the serializer throws */
export function encodedText(encode: (packet: object) => unknown, packet: object): string {
  return toJson(encode(packet)) ?? 'null';
}

class JsonBody implements CallBody {
  constructor(
    private readonly patternJson: string,
    private readonly dataJson: string | undefined,
    private readonly metadataJson: string | undefined,
  ) {}

  get sizeBytes(): number {
    return this.patternJson.length + (this.dataJson?.length ?? 0) + (this.metadataJson?.length ?? 0);
  }

  request(id: CallId, timeoutMs: number | undefined, stream?: boolean): Outgoing {
    const { patternJson, dataJson, metadataJson } = this;
    if (dataJson === undefined || dataJson.length < LONG_JSON)
      return requestText(id, patternJson, dataJson, timeoutMs, metadataJson, stream);
    const text = requestText(id, patternJson, undefined, timeoutMs, metadataJson, stream);
    return withLongMember(text, 'data', dataJson);
  }

  event(id: CallId | undefined): Outgoing {
    const { patternJson, dataJson, metadataJson } = this;
    if (dataJson === undefined || dataJson.length < LONG_JSON)
      return eventText(id, patternJson, dataJson, metadataJson);
    return withLongMember(eventText(id, patternJson, undefined, metadataJson), 'data', dataJson);
  }
}

class BinaryBody implements CallBody {
  constructor(
    private readonly patternJson: string,
    private readonly bytes: Uint8Array,
    private readonly metadataJson: string | undefined,
  ) {}

  get sizeBytes(): number {
    return this.patternJson.length + this.bytes.byteLength + (this.metadataJson?.length ?? 0);
  }

  request(id: CallId, timeoutMs: number | undefined, stream?: boolean): Outgoing {
    return {
      header: requestText(id, this.patternJson, undefined, timeoutMs, this.metadataJson, stream),
      bytes: this.bytes,
    };
  }

  event(id: CallId | undefined): Outgoing {
    return { header: eventText(id, this.patternJson, undefined, this.metadataJson), bytes: this.bytes };
  }
}

/** A user's serializer sees the whole packet, as with Nest's transports. */
class EncodedBody implements CallBody {
  readonly sizeBytes: number;

  constructor(
    private readonly encode: (packet: object) => unknown,
    private readonly pattern: unknown,
    private readonly data: unknown,
    private readonly metadata: Metadata | undefined,
  ) {
    this.sizeBytes = toJson([pattern, data, metadata])?.length ?? 0;
  }

  request(id: CallId, timeoutMs: number | undefined, stream?: boolean): Outgoing {
    return this.text({ id, timeoutMs, stream });
  }

  event(id: CallId | undefined): Outgoing {
    return this.text(id === undefined ? {} : { id, event: true });
  }

  private text(members: object): Outgoing {
    const packet = { pattern: this.pattern, data: this.data, metadata: this.metadata, ...members };
    return encodedText(this.encode, packet);
  }
}

/** What a call says once it is settled. */
export const emptyBody: CallBody = new JsonBody('null', undefined, undefined);

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { firstLineOf } from '../errors/thrown.js';
import type { HubClient, HubNews } from '../options/hub-adapter.js';
import { readClients, readNews, type Unread } from './read-news.js';
import type { RawEntry } from './redis-connection.js';

/** What one instance writes into the stream. */
export type Notice =
  | HubNews
  /** An instance begins, without clients. */
  | { readonly type: 'hello' }
  /** It is still there. */
  | { readonly type: 'beat' }
  /** It is gone. */
  | { readonly type: 'bye' }
  /** Asks for all the clients of an instance. */
  | { readonly type: 'ask' }
  /** Some of what an instance said will never be heard: it may wait for an answer to that. */
  | { readonly type: 'missed' }
  /** The clients of an instance, in several parts where they are many. */
  | {
      readonly type: 'state';
      readonly isFirst: boolean;
      readonly isLast: boolean;
      readonly clients: readonly HubClient[];
    };

/** An entry of the stream that could be read. */
export interface Entry {
  readonly from: string;
  /** Counts what that instance has written, from 1. */
  readonly sequence: number;
  /** Whom it is for; missing for all. */
  readonly to: string | undefined;
  /** Read only where it is of concern. @throws TypeError that says what is wrong with it */
  readonly notice: () => Notice;
}

/** Names of instances are UUIDs. */
const LONGEST_NAME = 64;
/** What its writer puts beside a notice, and doesn't count: sender and sequence. */
const BESIDE_NOTICE_BYTES = 256;

/**
 * The fields of an entry, but for sender and sequence. Bytes that are the whole data are a field of their own.
 *
 * @throws HeartwireError `UNSERIALIZABLE`, `FRAME_TOO_LARGE`
 */
export function noticeFields(notice: Notice, to: string | undefined, maxBytes: number): (string | Buffer)[] {
  const { bytes, rest } = withoutBytes(notice);
  const text = textOf(rest);
  const fields: (string | Buffer)[] = ['notice', text];
  if (to !== undefined) fields.push('to', to);
  if (bytes !== undefined) fields.push('bytes', Buffer.from(bytes));
  const size = sizeOf(fields);
  if (size > maxBytes) {
    const message = `for other instances the message takes ${String(size)} bytes; ${String(maxBytes)} are allowed (maxEntryBytes)`;
    throw new HeartwireError(ErrorCode.FRAME_TOO_LARGE, message, { details: { bytes: size, maxBytes } });
  }
  return fields;
}

export function sizeOf(fields: readonly (string | Buffer)[]): number {
  return fields.reduce((sum, field) => sum + Buffer.byteLength(field), 0);
}

/** @throws TypeError that says what is wrong with it */
export function readEntry({ fields }: RawEntry, maxBytes: number): Entry {
  let size = 0;
  for (const value of fields.values()) size += value.byteLength;
  if (size > maxBytes + BESIDE_NOTICE_BYTES) throw new TypeError(`it has ${String(size)} bytes`);
  const [from, sequence, to] = ['from', 'seq', 'to'].map((name) => fields.get(name)?.toString());
  const count = Number(sequence);
  if (from === undefined || from === '' || from.length > LONGEST_NAME) throw new TypeError('from is missing');
  if (!Number.isSafeInteger(count) || count < 1) throw new TypeError('seq must be a count');
  return {
    from,
    sequence: count,
    to,
    notice: () => readNotice(fields.get('notice'), fields.get('bytes')),
  };
}

function readNotice(text: Buffer | undefined, bytes: Buffer | undefined): Notice {
  if (text === undefined) throw new TypeError('notice is missing');
  const value: unknown = JSON.parse(text.toString());
  if (typeof value !== 'object' || value === null) throw new TypeError('notice must be an object');
  const notice: Unread = bytes === undefined ? (value as Unread) : { ...value, data: bytes };
  switch (notice['type']) {
    case 'hello':
    case 'beat':
    case 'bye':
    case 'ask':
    case 'missed':
      return { type: notice['type'] };
    case 'state':
      return {
        type: 'state',
        isFirst: notice['isFirst'] === true,
        isLast: notice['isLast'] === true,
        clients: readClients(notice['clients']),
      };
    default:
      return readNews(notice);
  }
}

/** An identity that JSON has no words for stays on its instance, which finds its clients by it all the same. */
function withoutIdentities(notice: Notice): Notice {
  if (notice.type === 'presence') return { ...notice, presence: { ...notice.presence, identity: undefined } };
  if (notice.type !== 'state') return notice;
  const clients = notice.clients.map((client) =>
    hasText(client.identity) ? client : { ...client, identity: undefined },
  );
  return { ...notice, clients };
}

function hasText(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

function withoutBytes(notice: Notice): { rest: Notice; bytes: Uint8Array | undefined } {
  if (!('data' in notice) || !(notice.data instanceof Uint8Array)) return { rest: notice, bytes: undefined };
  return { rest: { ...notice, data: undefined }, bytes: notice.data };
}

function textOf(notice: Notice): string {
  try {
    return JSON.stringify(notice);
  } catch (cause) {
    const plain = withoutIdentities(notice);
    if (plain !== notice) return JSON.stringify(plain);
    const message = `it can't be told to other instances: ${firstLineOf(cause)}`;
    throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message, { cause });
  }
}

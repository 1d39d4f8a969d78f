import type { HubClient, HubNews } from '../options/hub-adapter.js';

/** An object of unknown make. */
export type Unread = Readonly<Partial<Record<string, unknown>>>;

type News<Type extends HubNews['type']> = Extract<HubNews, { readonly type: Type }>;
type Presence = News<'presence'>['presence'];
type Targets = News<'push'>['exceptions'];

/** @throws TypeError that says what is wrong with it */
export function readNews(news: Unread): HubNews {
  const { type, pattern, data } = news;
  switch (type) {
    case 'push': {
      const targets = news['targets'] === undefined ? undefined : readTargets(news['targets']);
      const exceptions = readTargets(news['exceptions']);
      return { type, targets, exceptions, pattern, data, metadata: readMetadata(news['metadata']) };
    }
    case 'presence':
      return { type, presence: readPresence(objectIn(news, 'presence')) };
    case 'move':
      return {
        type,
        clientId: textIn(news, 'clientId'),
        room: textIn(news, 'room'),
        isIn: news['isIn'] === true,
      };
    case 'call':
      return {
        type,
        callId: textIn(news, 'callId'),
        clientId: textIn(news, 'clientId'),
        pattern,
        data,
        metadata: readMetadata(news['metadata']),
        timeoutMs: readTimeout(news['timeoutMs']),
      };
    case 'answer':
      return { type, callId: textIn(news, 'callId'), data };
    case 'answered': {
      const callId = textIn(news, 'callId');
      if (news['failure'] === undefined) return { type, callId };
      return { type, callId, failure: { err: objectIn(news, 'failure')['err'] } };
    }
    case 'cancel':
      return { type, callId: textIn(news, 'callId') };
    default:
      throw new TypeError('its type is unknown');
  }
}

/** @throws TypeError that says what is wrong with one of them */
export function readClients(value: unknown): readonly HubClient[] {
  return arrayOf(value, 'clients').map((client) => {
    const unread = asObject(client, 'clients');
    const rooms = arrayOf(unread['rooms'], 'rooms').map((room) => asText(room, 'rooms'));
    return { clientId: textIn(unread, 'clientId'), identity: unread['identity'], rooms };
  });
}

function readPresence(presence: Unread): Presence {
  const who = { clientId: textIn(presence, 'clientId'), identity: presence['identity'] };
  const { type } = presence;
  switch (type) {
    case 'connected':
    case 'suspended':
    case 'resumed':
      return { type, ...who };
    case 'joined':
    case 'left':
      return { type, ...who, room: textIn(presence, 'room') };
    case 'disconnected':
      return { type, ...who, rooms: [] };
    default:
      throw new TypeError('what it tells of a client is unknown');
  }
}

function readTargets(value: unknown): Targets {
  return arrayOf(value, 'targets').map((target) => {
    if (typeof target === 'string') return target;
    const { client, room, identity } = asObject(target, 'targets');
    if (typeof client === 'string') return { client };
    if (typeof room === 'string') return { room };
    return { identity: asText(identity, 'targets') };
  });
}

function readMetadata(value: unknown): News<'push'>['metadata'] {
  if (value === undefined) return undefined;
  const texts = Object.entries(asObject(value, 'metadata')).map(([name, text]) => [
    name,
    asText(text, 'metadata'),
  ]);
  return Object.fromEntries(texts) as News<'push'>['metadata'];
}

/** One that never ends is no number in JSON. */
function readTimeout(value: unknown): number {
  if (value === null) return Infinity;
  if (typeof value !== 'number' || value < 0) throw new TypeError('timeoutMs must be a number');
  return value;
}

function objectIn(unread: Unread, name: string): Unread {
  return asObject(unread[name], name);
}

function textIn(unread: Unread, name: string): string {
  return asText(unread[name], name);
}

function asObject(value: unknown, name: string): Unread {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Unread;
  throw new TypeError(`${name} must be an object`);
}

function asText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} must be a text`);
}

function arrayOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} must be a list`);
}

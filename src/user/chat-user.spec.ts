import { afterEach, describe, expect, it } from '@jest/globals';
import { defer, firstValueFrom, NEVER, type Observable, Subject, throwError } from 'rxjs';

import { until } from '../../test/support/until.js';
import { ChatLimits } from '../contract/chat-limits.js';
import { ChatUser } from './chat-user.js';
import type { UserEvent } from './user-event.js';
import type { UserLink } from './user-link.js';

type Question = Readonly<Record<string, string>>;

const refused = (status: number, code: string): object => ({ status, response: { code, message: code } });
const lost = { code: 'CONNECTION_LOST', message: 'lost', retryable: true };

/** A gateway with one room of ids that count, which can be made to fail. */
class FakeGateway implements UserLink {
  readonly connected$ = new Subject<void>();
  readonly asked: [string, Question][] = [];
  readonly stored: Record<string, unknown>[] = [];
  /** Looked at with each question: what it throws instead of answering. `false`: it never answers. */
  fails: (pattern: string, data: Question) => unknown = () => undefined;
  private readonly pushes = new Map<string, Subject<unknown>>();

  send<T>(pattern: string, data: object): Observable<T> {
    return defer(async () => {
      const question = data as Question;
      this.asked.push([pattern, question]);
      const failure = this.fails(pattern, question);
      if (failure === false) return firstValueFrom(NEVER);
      if (failure !== undefined) return firstValueFrom(throwError(() => failure));
      return this.answer(pattern, question) as T;
    });
  }

  on$<T>(pattern: string): Observable<T> {
    return this.subject(pattern) as Observable<unknown> as Observable<T>;
  }

  push(pattern: string, data: unknown): void {
    this.subject(pattern).next(data);
  }

  store({ room = 'lobby', text = '', draftId = '' }: Question): object {
    const known = this.stored.find((each) => each['draftId'] === draftId);
    if (known !== undefined) return known;
    const id = String(this.stored.length + 1);
    const message = { id, room, author: 'ada', text, draftId, postedAt: '2026-01-01T00:00:00.000Z' };
    this.stored.push(message);
    return message;
  }

  private answer(pattern: string, question: Question): unknown {
    const after = this.stored.filter(({ id }) => Number(id) > Number(question['after'] ?? 0)).slice(0, 100);
    if (pattern === 'chat.join') return { room: question['room'], members: ['ada'], messages: after };
    if (pattern === 'chat.history') return after;
    if (pattern === 'chat.say') return this.store(question);
    return question;
  }

  private subject(pattern: string): Subject<unknown> {
    const subject = this.pushes.get(pattern) ?? new Subject();
    this.pushes.set(pattern, subject);
    return subject;
  }
}

describe('a user of the chat', () => {
  const users: ChatUser[] = [];

  afterEach(() => {
    for (const user of users.splice(0)) user.stop();
  });

  function start(gateway: FakeGateway, nick = 'ada'): { user: ChatUser; events: UserEvent[] } {
    let ids = 0;
    const options = { nick, key: 'k'.repeat(16), newId: () => `draft-${(ids += 1)}`, retryMs: 1 };
    const user = new ChatUser(gateway, options);
    const events: UserEvent[] = [];
    user.events$.subscribe((event) => events.push(event));
    users.push(user);
    user.start();
    user.join('lobby');
    return { user, events };
  }

  async function meet(gateway: FakeGateway): Promise<{ user: ChatUser; events: UserEvent[] }> {
    const met = start(gateway);
    gateway.connected$.next();
    await until('introduced', () => met.user.isIntroduced);
    return met;
  }

  const saidIn = (events: readonly UserEvent[]): readonly string[] =>
    events.flatMap((event) => (event.type === 'said' ? event.message.text : []));
  const refusalsIn = (events: readonly UserEvent[]): readonly UserEvent[] =>
    events.filter(({ type }) => type === 'refused');

  it('is introduced, then in its rooms, then heard', async () => {
    const gateway = new FakeGateway();
    gateway.store({ text: 'before', draftId: 'other' });
    const { user, events } = start(gateway);
    user.say('lobby', 'hello');
    gateway.connected$.next();
    await until('said', () => user.waiting === 0);

    const patterns = gateway.asked.map(([pattern]) => pattern);
    expect(patterns.slice(-3)).toEqual(['chat.nick', 'chat.join', 'chat.say']);
    expect(saidIn(events)).toEqual(['before', 'hello']);
  });

  it('sends again what was not answered, under the same name, in order', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    let failures = 3;
    gateway.fails = (pattern, data) => {
      if (pattern !== 'chat.say' || failures === 0) return undefined;
      failures -= 1;
      gateway.store(data);
      return lost;
    };
    user.say('lobby', 'one');
    user.say('lobby', 'two');
    await until('said', () => user.waiting === 0);

    expect(gateway.stored.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(saidIn(events)).toEqual(['one', 'two']);
  });

  it('shows a message once, whether it is pushed, answered, or read', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    user.say('lobby', 'one');
    await until('said', () => user.waiting === 0);
    for (const message of gateway.stored) gateway.push('chat.said', message);
    gateway.connected$.next();
    await until('introduced again', () => events.filter(({ type }) => type === 'introduced').length > 1);
    gateway.push('chat.said', { id: 'x', room: 'elsewhere', text: 'not mine' });

    expect(saidIn(events)).toEqual(['one']);
    expect(events.filter(({ type }) => type === 'joined')).toHaveLength(1);
  });

  it('reads all that it has missed, however much, before what is pushed meanwhile', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    for (let n = 1; n <= 250; n += 1) gateway.store({ text: String(n), draftId: `missed-${n}` });
    gateway.fails = (pattern) => {
      if (pattern === 'chat.history')
        gateway.push('chat.said', gateway.store({ text: '251', draftId: 'missed-251' }));
      return undefined;
    };
    gateway.connected$.next();
    await until('introduced', () => user.isIntroduced && saidIn(events).length > 250);

    expect(saidIn(events)).toEqual(Array.from({ length: 251 }, (_, index) => String(index + 1)));
  });

  it('shows what was said before ahead of what is pushed meanwhile, though it has to ask for it twice', async () => {
    const gateway = new FakeGateway();
    gateway.store({ text: 'before', draftId: 'before' });
    let isCut = false;
    gateway.fails = (pattern) => {
      if (pattern !== 'chat.join' || isCut) return undefined;
      isCut = true;
      gateway.push('chat.said', gateway.store({ text: 'meanwhile', draftId: 'meanwhile' }));
      return lost;
    };
    const { user, events } = start(gateway);
    gateway.connected$.next();
    await until('introduced', () => user.isIntroduced);

    expect(saidIn(events)).toEqual(['before', 'meanwhile']);
  });

  it('reads what its gateway has not heard of, however much that has pushed since', async () => {
    const gateway = new FakeGateway();
    const { events } = await meet(gateway);
    gateway.store({ text: 'elsewhere', draftId: 'elsewhere' });
    const texts = Array.from({ length: 30 }, (_, index) => String(index + 1));
    for (const text of texts) gateway.push('chat.said', gateway.store({ text, draftId: `here-${text}` }));
    expect(saidIn(events)).toEqual(texts);
    gateway.push('chat.behind', {});
    await until('all is there', () => saidIn(events).length > texts.length);

    expect(saidIn(events)).toEqual([...texts, 'elsewhere']);
  });

  it('shows all that the room keeps, however much was pushed while it could not be read', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    let isUnreadable = true;
    gateway.fails = (pattern) => (pattern === 'chat.join' && isUnreadable ? lost : undefined);
    gateway.connected$.next();
    await until('it waits', () => gateway.asked.filter(([pattern]) => pattern === 'chat.join').length > 1);
    const ids = Array.from({ length: 3_000 }, (_, index) => String(index + 1));
    for (const draftId of ids) gateway.push('chat.said', gateway.store({ text: draftId, draftId }));
    gateway.stored.splice(0, 2_500);
    isUnreadable = false;
    await until('introduced', () => user.isIntroduced);

    expect(saidIn(events)).toEqual(ids.slice(-ChatLimits.messagesPerRoom));
  });

  it('does not ask again for a nickname that was refused because its gateway was behind', async () => {
    const gateway = new FakeGateway();
    const { user } = await meet(gateway);
    gateway.fails = (_, { nick }) => (nick === 'bob' ? refused(409, 'NICKNAME_TAKEN') : undefined);
    const refusedUser = start(gateway, 'bob');
    gateway.connected$.next();
    await until('refused', () => refusalsIn(refusedUser.events).length > 0 && user.isIntroduced);
    const introductions = (nick: string): number =>
      gateway.asked.filter(([pattern, data]) => pattern === 'chat.nick' && data['nick'] === nick).length;
    const [before, refusals] = [introductions('ada'), introductions('bob')];
    for (let round = 1; round <= 3; round += 1) {
      gateway.push('chat.behind', {});
      await until('the other reads on', () => introductions('ada') >= before + round);
    }

    expect(introductions('bob')).toBe(refusals);
  });

  it('says again who it is when the gateway has forgotten, once for each message', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    let isForgotten = true;
    gateway.fails = (pattern) => {
      if (pattern === 'chat.join') isForgotten = false;
      return pattern === 'chat.say' && isForgotten ? refused(401, 'NO_NICKNAME') : undefined;
    };
    user.say('lobby', 'one');
    await until('said', () => user.waiting === 0);
    expect(saidIn(events)).toEqual(['one']);

    gateway.fails = (pattern) => (pattern === 'chat.say' ? refused(403, 'NOT_IN_ROOM') : undefined);
    user.say('lobby', 'two');
    await until('given up', () => user.waiting === 0);
    expect(refusalsIn(events)).toEqual([
      { type: 'refused', what: 'two', reason: 'NOT_IN_ROOM', draftId: 'draft-2' },
    ]);
  });

  it('drops what is refused, and goes on', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    gateway.fails = (pattern, { text }) =>
      pattern === 'chat.say' && text === 'bad' ? refused(400, 'not valid') : undefined;
    user.say('lobby', 'bad');
    user.say('lobby', 'good');
    await until('said', () => user.waiting === 0);

    expect(saidIn(events)).toEqual(['good']);
    expect(refusalsIn(events)).toHaveLength(1);
  });

  it('keeps its nickname when the one that it wants is taken', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    gateway.fails = (_, { nick }) => (nick === 'bob' ? refused(409, 'NICKNAME_TAKEN') : undefined);
    user.rename('bob');
    await until('ada again', () => user.isIntroduced && user.nick === 'ada');

    expect(refusalsIn(events)).toEqual([{ type: 'refused', what: 'bob', reason: 'NICKNAME_TAKEN' }]);
  });

  it('waits for another nickname when the first one is taken', async () => {
    const gateway = new FakeGateway();
    gateway.fails = (_, { nick }) => (nick === 'ada' ? refused(409, 'NICKNAME_TAKEN') : undefined);
    const { user, events } = start(gateway);
    gateway.connected$.next();
    user.say('lobby', 'hello');
    await until('refused', () => refusalsIn(events).length > 0);
    user.rename('ada2');
    await until('said', () => user.waiting === 0);

    expect(saidIn(events)).toEqual(['hello']);
  });

  it('tells once that its nickname is taken, though it has asked for it over two connections', async () => {
    const gateway = new FakeGateway();
    gateway.fails = () => {
      if (gateway.asked.length === 1) gateway.connected$.next();
      return refused(409, 'NICKNAME_TAKEN');
    };
    const { events } = start(gateway);
    await until('refused twice', () => gateway.asked.length === 2 && refusalsIn(events).length > 0);

    expect(refusalsIn(events)).toHaveLength(1);
  });

  it('asks again for a nickname that it has lost, and tells when it is taken', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    gateway.fails = () => refused(409, 'NICKNAME_TAKEN');
    gateway.push('chat.lostNickname', { nick: 'ada' });
    await until('refused', () => refusalsIn(events).length > 0);

    expect(user.isIntroduced).toBe(false);
    expect(refusalsIn(events)).toEqual([{ type: 'refused', what: 'ada', reason: 'NICKNAME_TAKEN' }]);
  });

  it('leaves a room after what it has said there, and may come back at once', async () => {
    const gateway = new FakeGateway();
    const { user, events } = await meet(gateway);
    user.say('lobby', 'bye');
    user.leave('lobby');
    expect(user.joinedRooms).toEqual([]);
    await until('left', () => events.at(-1)?.type === 'left');
    expect(gateway.asked.slice(-2).map(([pattern]) => pattern)).toEqual(['chat.say', 'chat.leave']);

    user.join('lobby');
    user.leave('lobby');
    user.join('lobby');
    await until('there again', () => user.isIntroduced && user.waiting === 0);
    expect(user.joinedRooms).toEqual(['lobby']);
    expect(gateway.asked.at(-1)?.[0]).toBe('chat.join');
  });

  it('shows a whisper once', async () => {
    const gateway = new FakeGateway();
    const { events } = await meet(gateway);
    const whisper = {
      draftId: 'w',
      from: 'bob',
      to: 'ada',
      text: 'psst',
      sentAt: '2026-01-01T00:00:00.000Z',
    };
    gateway.push('chat.whispered', whisper);
    gateway.push('chat.whispered', whisper);

    expect(events.filter(({ type }) => type === 'whispered')).toEqual([{ type: 'whispered', whisper }]);
  });

  it('leaves what is too long to its writer, and sends what is just short enough', async () => {
    const gateway = new FakeGateway();
    const { user } = await meet(gateway);
    expect(() => user.say('lobby', 'x'.repeat(2_001))).toThrow('2000 characters, not 2001');
    expect(() => user.whisper('bob', 'x'.repeat(2_001))).toThrow('2000 characters, not 2001');
    const longest = '\u2764\uFE0F'.repeat(1_000) + '\u{1F642}'.repeat(1_000);
    user.say('lobby', longest);
    await until('said', () => user.waiting === 0);

    expect(gateway.stored.map(({ text }) => text)).toEqual([longest]);
  });

  it('bounds what waits', () => {
    const { user } = start(new FakeGateway());
    for (let n = 1; n <= 1_000; n += 1) user.say('lobby', String(n));

    expect(() => user.say('lobby', 'one more')).toThrow('1000 messages wait already');
  });
});

import { delayWhen, filter, firstValueFrom, merge, type Observable, Subject, Subscription } from 'rxjs';

import { ChatLimits } from '../contract/chat-limits.js';
import type { ChatMessage } from '../contract/chat-message.js';
import { UserFault, UserPattern, UserPush } from '../contract/user-pattern.js';
import type { Introduction, JoinedRoom, PresenceChange, RoomView, Whisper } from '../contract/user-view.js';
import { checkLength } from './check-length.js';
import { failureOf } from './failure.js';
import { type Draft, Outbox, type Place } from './outbox.js';
import { RecentIds } from './recent-ids.js';
import { RoomLog } from './room-log.js';
import type { UserEvent } from './user-event.js';
import type { UserLink } from './user-link.js';

export interface ChatUserOptions {
  readonly nick: string;
  /** A secret of 16 to 64 letters and digits: who has it is the same user. */
  readonly key: string;
  /** Makes a name that nothing else has. */
  readonly newId: () => string;
  /** How long to wait before what has failed is tried again, in ms. Default 500. */
  readonly retryMs?: number;
}

const REMEMBERED_WHISPERS = 1_000;

/**
 * One user's part of the chat, over any Heartwire client, in Node or in a browser. Over each new connection it says who
 * the user is, is again in the user's rooms, reads what was missed there, and sends what was written meanwhile:
 * nothing is lost, and nothing comes twice.
 */
export class ChatUser {
  readonly events$: Observable<UserEvent>;

  private readonly events = new Subject<UserEvent>();
  private readonly listening = new Subscription();
  private readonly logs = new Map<string, RoomLog>();
  private readonly leaving = new Set<string>();
  private readonly whispers = new RecentIds(REMEMBERED_WHISPERS);
  private readonly outbox: Outbox;
  /** The introductions that were made because the gateway didn't know a draft's author any more. */
  private readonly introducedFor = new WeakMap<Draft, number>();
  /** The introduction after which the last draft was sent. */
  private sentIn = 0;
  private readonly retryMs: number;
  private wantedNick: string;
  /** What the gateway took last. */
  private acceptedNick: string | undefined;
  /** Counts introductions: a later one ends those before. */
  private round = 0;
  private introduced = false;
  private introducing = Promise.resolve();

  constructor(
    private readonly link: UserLink,
    private readonly options: ChatUserOptions,
  ) {
    this.events$ = this.events.asObservable();
    this.wantedNick = options.nick;
    this.retryMs = options.retryMs ?? 500;
    this.outbox = new Outbox({
      send: (draft) => this.send(draft),
      failed: (draft, thrown) => this.failed(draft, thrown),
    });
  }

  /** Begins, once somebody listens to `events$`. */
  start(): void {
    const { link, listening } = this;
    listening.add(
      link.on$<ChatMessage>(UserPush.said).subscribe((said) => this.logs.get(said.room)?.hear(said)),
    );
    listening.add(link.on$<Whisper>(UserPush.whispered).subscribe((whisper) => this.heard(whisper)));
    listening.add(
      link
        .on$<PresenceChange>(UserPush.presence)
        .subscribe((change) => this.tell({ type: 'presence', change })),
    );
    // To ask for it again shows whether it is still wanted, and free by now.
    const isLost$ = link.on$(UserPush.lostNickname);
    // Each room is read on, but not by all users at the same moment. Who was refused is in none.
    const isBehind$ = link.on$(UserPush.behind).pipe(
      filter(() => this.acceptedNick !== undefined),
      delayWhen(() => this.pause(Math.random() * this.retryMs)),
    );
    listening.add(merge(link.connected$, isLost$, isBehind$).subscribe(() => this.introduce()));
  }

  /** What was written and is not confirmed is dropped. */
  stop(): void {
    this.round += 1;
    this.outbox.close();
    this.listening.unsubscribe();
    this.events.complete();
  }

  get nick(): string {
    return this.wantedNick;
  }

  /** Whether the gateway knows the user now, as far as this end knows. */
  get isIntroduced(): boolean {
    return this.introduced;
  }

  /** The rooms that the user is in, or will be in with the next connection. */
  get joinedRooms(): readonly string[] {
    return [...this.logs.keys()].filter((room) => !this.leaving.has(room));
  }

  /** How much was written and is not confirmed. */
  get waiting(): number {
    return this.outbox.size;
  }

  /**
   * Returns the `draftId` that the message will have.
   *
   * @throws Error when too much waits already, or it is too long
   */
  say(room: string, text: string): string {
    return this.write({ room }, text);
  }

  /** As `say`. */
  whisper(nick: string, text: string): string {
    return this.write({ nick }, text);
  }

  /** With the next connection, if there is none now. What comes of it is told as an event. */
  rename(nick: string): void {
    this.wantedNick = nick;
    this.introduce();
  }

  /** As `rename`. */
  join(room: string): void {
    this.leaving.delete(room);
    if (this.logs.has(room)) return;
    this.logs.set(room, new RoomLog((message) => this.tell({ type: 'said', message })));
    this.introduce();
  }

  /** Once what was said there before is stored. */
  leave(room: string): void {
    if (!this.logs.has(room) || this.leaving.has(room)) return;
    this.leaving.add(room);
    this.outbox.add({ type: 'leave', room });
  }

  rooms(): Promise<readonly RoomView[]> {
    return this.ask(UserPattern.rooms, {});
  }

  members(room: string): Promise<readonly string[]> {
    return this.ask(UserPattern.members, { room });
  }

  online(): Promise<readonly string[]> {
    return this.ask(UserPattern.online, {});
  }

  private write(to: Place, text: string): string {
    checkLength(text);
    const draftId = this.options.newId();
    this.outbox.add({ type: 'say', draftId, to, text });
    return draftId;
  }

  private ask<T>(pattern: string, question: object): Promise<T> {
    return firstValueFrom(this.link.send<T>(pattern, question, { idempotent: true }));
  }

  private tell(event: UserEvent): void {
    this.events.next(event);
  }

  private introduce(): void {
    this.round += 1;
    const { round } = this;
    this.outbox.close();
    this.introduced = false;
    this.introducing = this.introducing.then(() => this.introduceNow(() => round === this.round));
  }

  /** Until it is done, or a later one waits. */
  private async introduceNow(isLatest: () => boolean): Promise<void> {
    while (isLatest()) {
      const { wantedNick: nick } = this;
      try {
        await this.ask<Introduction>(UserPattern.nick, { nick, key: this.options.key });
        this.acceptedNick = nick;
        for (const [room, log] of this.logs) await this.enter(room, log);
        if (!isLatest()) return;
        this.introduced = true;
        this.tell({ type: 'introduced', nick });
        this.outbox.open();
        return;
      } catch (thrown) {
        const failure = failureOf(thrown);
        // One that is about to be asked again is told of once.
        const isAskedAgain = nick === this.wantedNick && !isLatest();
        if (failure.isFinal && !isAskedAgain) this.refuse(nick, failure.message);
        if (failure.isFinal) return;
        await this.pause();
      }
    }
  }

  /** The user keeps the nickname from before, if there is one. */
  private refuse(nick: string, reason: string): void {
    const { acceptedNick } = this;
    this.acceptedNick = undefined;
    this.tell({ type: 'refused', what: nick, reason });
    if (acceptedNick === undefined || acceptedNick === nick || this.wantedNick !== nick) return;
    this.wantedNick = acceptedNick;
    this.introduce();
  }

  private async enter(room: string, log: RoomLog): Promise<void> {
    const { after } = log;
    // Where it fails what is pushed waits on: it comes after what the next attempt reads.
    log.hold();
    try {
      const joined = await this.ask<JoinedRoom>(UserPattern.join, {
        room,
        ...(after !== undefined && { after }),
      });
      await this.readOn(log, joined, after !== undefined);
      log.release();
      if (after === undefined) this.tell({ type: 'joined', room, members: joined.members });
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (!failure.isFinal || failure.code === UserFault.noNickname) throw thrown;
      this.logs.delete(room);
      this.tell({ type: 'refused', what: room, reason: failure.message });
    }
  }

  private async readOn(log: RoomLog, { room, messages }: JoinedRoom, wasThere: boolean): Promise<void> {
    let page = messages;
    for (const message of page) log.pass(message);
    while (wasThere && page.length === ChatLimits.historyPage) {
      const question = { room, limit: ChatLimits.historyPage, after: page.at(-1)?.id };
      page = await this.ask<readonly ChatMessage[]>(UserPattern.history, question);
      for (const message of page) log.pass(message);
    }
  }

  private async send(draft: Draft): Promise<void> {
    this.sentIn = this.round;
    if (draft.type === 'leave') return this.exit(draft.room);
    const { to, text, draftId } = draft;
    if ('room' in to) {
      const message = await this.ask<ChatMessage>(UserPattern.say, { room: to.room, text, draftId });
      this.logs.get(to.room)?.hear(message);
    } else {
      this.heard(await this.ask<Whisper>(UserPattern.whisper, { to: to.nick, text, draftId }));
    }
  }

  private async exit(room: string): Promise<void> {
    if (!this.leaving.has(room)) return;
    await this.ask(UserPattern.leave, { room });
    // The user may want to be there again by now.
    if (!this.leaving.delete(room)) {
      this.introduce();
      return;
    }
    this.logs.delete(room);
    this.tell({ type: 'left', room });
  }

  /** A connection may have been replaced in silence: then the gateway must be told again who this is. */
  private async failed(draft: Draft, thrown: unknown): Promise<'keep' | 'drop'> {
    const { code, isFinal, message } = failureOf(thrown);
    const isUnknown = code === UserFault.noNickname || code === UserFault.notInRoom;
    const isOutdated = this.sentIn !== this.round;
    if (isUnknown && (isOutdated || this.introducedFor.get(draft) !== this.round)) {
      if (!isOutdated) this.introduce();
      this.introducedFor.set(draft, this.round);
      return 'keep';
    }
    if (!isFinal) {
      await this.pause();
      return 'keep';
    }
    if (draft.type === 'leave') this.tell({ type: 'refused', what: draft.room, reason: message });
    else this.tell({ type: 'refused', what: draft.text, reason: message, draftId: draft.draftId });
    return 'drop';
  }

  private heard(whisper: Whisper): void {
    if (this.whispers.add(whisper.draftId)) this.tell({ type: 'whispered', whisper });
  }

  private pause(ms = this.retryMs): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

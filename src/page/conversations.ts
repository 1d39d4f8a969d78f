import { Subject } from 'rxjs';

import type { ChatMessage } from '../contract/chat-message.js';
import type { Whisper } from '../contract/user-view.js';
import type { Place } from '../user/outbox.js';
import type { UserEvent } from '../user/user-event.js';
import { type Conversation, keyOf, newConversation } from './conversation.js';
import type { SaidLine } from './conversation-log.js';

/** The conversations that the page has open, one of them before the user's eyes. */
export class Conversations {
  readonly changed$ = new Subject<void>();

  private readonly all = new Map<string, Conversation>();
  private currentKey: string | undefined;

  get list(): readonly Conversation[] {
    return [...this.all.values()];
  }

  get current(): Conversation | undefined {
    return this.currentKey === undefined ? undefined : this.all.get(this.currentKey);
  }

  /** How much was written and is not confirmed. */
  get waiting(): number {
    return this.list.reduce((sum, { log }) => sum + log.waiting, 0);
  }

  /** Opens it, unless it is open, and shows it. */
  show(place: Place): void {
    const conversation = this.at(place);
    conversation.unread = 0;
    this.currentKey = keyOf(place);
    this.changed$.next();
  }

  close(place: Place): void {
    const key = keyOf(place);
    this.all.delete(key);
    if (this.currentKey === key) this.currentKey = [...this.all.keys()].at(-1);
    this.changed$.next();
  }

  /** The user has written something. */
  expect(place: Place, draftId: string, text: string): void {
    this.at(place).log.expect(draftId, text);
    this.changed$.next();
  }

  /** @param self what the user is called */
  take(event: UserEvent, self: string): void {
    switch (event.type) {
      case 'said':
        this.add(this.all.get(keyOf(event.message)), saidLine(event.message));
        break;
      case 'whispered':
        this.add(this.at({ nick: this.partner(event.whisper, self) }), whisperedLine(event.whisper));
        break;
      case 'left':
        this.close({ room: event.room });
        break;
      case 'refused':
        if (event.draftId !== undefined) this.drop(event.draftId);
        break;
      case 'presence':
      case 'introduced':
      case 'joined':
        break;
    }
  }

  private at(place: Place): Conversation {
    const key = keyOf(place);
    const conversation = this.all.get(key) ?? newConversation(place);
    this.all.set(key, conversation);
    return conversation;
  }

  /** A room that was left is none. */
  private add(conversation: Conversation | undefined, line: SaidLine): void {
    if (conversation?.log.add(line) === true && conversation !== this.current) conversation.unread += 1;
    this.changed$.next();
  }

  private drop(draftId: string): void {
    for (const { log } of this.all.values()) log.drop(draftId);
    this.changed$.next();
  }

  /** Who the whisper is with; one's own is known by its draft too, since one may be called otherwise by now. */
  private partner({ from, to, draftId }: Whisper, self: string): string {
    const isOwn = this.all.get(keyOf({ nick: to }))?.log.expects(draftId) === true;
    return isOwn || from === self ? to : from;
  }
}

function saidLine({ id, author, text, postedAt, draftId }: ChatMessage): SaidLine {
  return { type: 'said', id, author, text, at: postedAt, draftId };
}

function whisperedLine({ draftId, from, text, sentAt }: Whisper): SaidLine {
  return { type: 'said', id: draftId, author: from, text, at: sentAt, draftId };
}

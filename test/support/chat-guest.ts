import { randomUUID } from 'node:crypto';

import { HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import type { ChatMessage } from '../../src/contract/chat-message.js';
import type { JoinedRoom, LostNickname, PresenceChange, Whisper } from '../../src/contract/user-view.js';
import { errorOf } from './outcome.js';

/** Whoever speaks the chat's patterns: what it asks, and what it is pushed. */
export class ChatGuest {
  readonly client: HeartwireClient;
  readonly key = randomUUID();
  readonly said: ChatMessage[] = [];
  readonly whispered: Whisper[] = [];
  readonly changes: PresenceChange[] = [];
  readonly lost: string[] = [];

  constructor(url: string) {
    this.client = new HeartwireClient({ url });
    this.client.on$<ChatMessage>('chat.said').subscribe((message) => this.said.push(message));
    this.client.on$<Whisper>('chat.whispered').subscribe((whisper) => this.whispered.push(whisper));
    this.client.on$<LostNickname>('chat.lostNickname').subscribe(({ nick }) => this.lost.push(nick));
    this.client.on$<PresenceChange>('chat.presence').subscribe((change) => this.changes.push(change));
  }

  ask<T>(pattern: string, data: object = {}): Promise<T> {
    return firstValueFrom(this.client.send<T>(pattern, data));
  }

  refusal(pattern: string, data: object = {}): Promise<unknown> {
    return errorOf(this.client.send(pattern, data));
  }

  async enter(nick: string, room = 'lobby'): Promise<JoinedRoom> {
    await this.ask('chat.nick', { nick, key: this.key });
    return this.ask('chat.join', { room });
  }

  say(text: string, room = 'lobby', draftId: string = randomUUID()): Promise<ChatMessage> {
    return this.ask('chat.say', { room, text, draftId });
  }
}

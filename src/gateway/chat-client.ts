import { Inject, Injectable } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';
import { catchError, type Observable, throwError } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../contract/chat-message.js';
import { ChatPattern } from '../contract/chat-pattern.js';
import type { HistoryDto } from '../contract/history.dto.js';
import type { Person, PresenceState } from '../contract/person.js';
import { toHttpException } from './service-failure.js';
import { CHAT } from './service-token.js';

/** A message that somebody wants in a room. */
export type Post = Omit<ChatMessage, 'id' | 'postedAt'>;

/** The chat service, as the gateway's controllers see it. Failures are HttpExceptions. */
@Injectable()
export class ChatClient {
  constructor(@Inject(CHAT) private readonly client: HeartwireClient) {}

  rooms(): Observable<readonly RoomSummary[]> {
    return this.ask(ChatPattern.rooms, {});
  }

  history(range: HistoryDto): Observable<readonly ChatMessage[]> {
    return this.ask(ChatPattern.history, range);
  }

  people(): Observable<readonly Person[]> {
    return this.ask(ChatPattern.people, {});
  }

  /** One with a draft is stored once, however often it is sent. */
  post(post: Post): Observable<ChatMessage> {
    const idempotent = post.draftId !== undefined;
    return this.client.send<ChatMessage>(ChatPattern.post, post, { idempotent }).pipe(asHttp());
  }

  tellPresence(name: string, state: PresenceState): Observable<undefined> {
    return this.client
      .emit<undefined>(ChatPattern.presence, { name, state }, { acknowledge: true })
      .pipe(asHttp());
  }

  /**
   * Fails as Heartwire does, for whoever goes on following. It is not idempotent: sent again by the
   * client, it would start where this call started.
   */
  follow(room: string, after: string | undefined): Observable<FollowPage> {
    return this.client.send<FollowPage>(ChatPattern.follow, { room, after });
  }

  private ask<Answer>(pattern: string, question: object): Observable<Answer> {
    return this.client.send<Answer>(pattern, question, { idempotent: true }).pipe(asHttp());
  }
}

function asHttp<T>(): (source: Observable<T>) => Observable<T> {
  return catchError((failure: unknown) => throwError(() => toHttpException(failure)));
}

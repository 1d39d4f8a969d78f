import { Inject, Injectable } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';
import { catchError, type Observable, throwError } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../contract/chat-message.js';
import { ChatPattern } from '../contract/chat-pattern.js';
import type { Person, PresenceState } from '../contract/person.js';
import { toHttpException } from './service-failure.js';
import { CHAT } from './service-token.js';

/** The chat service, as the gateway's controllers see it. Failures are HttpExceptions. */
@Injectable()
export class ChatClient {
  constructor(@Inject(CHAT) private readonly client: HeartwireClient) {}

  rooms(): Observable<readonly RoomSummary[]> {
    return this.ask(ChatPattern.rooms, {});
  }

  history(room: string, limit: number): Observable<readonly ChatMessage[]> {
    return this.ask(ChatPattern.history, { room, limit });
  }

  people(): Observable<readonly Person[]> {
    return this.ask(ChatPattern.people, {});
  }

  post(room: string, author: string, text: string): Observable<ChatMessage> {
    return this.client.send<ChatMessage>(ChatPattern.post, { room, author, text }).pipe(asHttp());
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

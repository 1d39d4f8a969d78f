import {
  Inject,
  Injectable,
  type MessageEvent,
  type OnModuleDestroy,
  ServiceUnavailableException,
} from '@nestjs/common';
import { HeartwireClient, HeartwireError } from 'heartwire';
import {
  concatAll,
  defer,
  finalize,
  interval,
  map,
  merge,
  type Observable,
  repeat,
  ReplaySubject,
  retry,
  skip,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';

import type { ChatMessage } from '../contract/chat-message.js';
import { ChatClient } from './chat-client.js';
import { toHttpException } from './service-failure.js';
import { CHAT } from './service-token.js';

/** Each follower is a running call; together they leave room for the others (1,024 per connection). */
const MAX_FOLLOWERS = 500;
const FOLLOW_AGAIN_AFTER_MS = 250;
/** Shows a follower's proxy, and us, that the other is still there. */
const KEEP_ALIVE_MS = 15_000;

/** Follows rooms on behalf of HTTP clients, over every loss and restart of the chat service. */
@Injectable()
export class FollowService implements OnModuleDestroy {
  private readonly stopped$ = new ReplaySubject<void>(1);
  private followers = 0;

  constructor(
    private readonly chat: ChatClient,
    @Inject(CHAT) private readonly client: HeartwireClient,
  ) {}

  /** @throws ServiceUnavailableException when as many follow as may. */
  follow(room: string, after: string | undefined): Observable<MessageEvent> {
    if (this.followers >= MAX_FOLLOWERS) {
      throw new ServiceUnavailableException(`${String(MAX_FOLLOWERS)} follow already`);
    }
    return defer(() => {
      this.followers += 1;
      return merge(this.messages(room, after).pipe(map(toEvent)), this.statusComments(), keepAliveComments());
    }).pipe(
      takeUntil(this.stopped$),
      finalize(() => {
        this.followers -= 1;
      }),
    );
  }

  onModuleDestroy(): void {
    this.stopped$.next();
  }

  /**
   * A cut that the session outlives is not even seen here. After any other end it asks again, from
   * where it was: nothing comes twice, and nothing that chat still has is left out.
   */
  private messages(room: string, after: string | undefined): Observable<ChatMessage> {
    let cursor = after;
    return defer(() => this.chat.follow(room, cursor)).pipe(
      tap((page) => {
        ({ cursor } = page);
      }),
      map(({ messages }) => messages),
      concatAll(),
      repeat({ delay: FOLLOW_AGAIN_AFTER_MS }),
      retry({
        delay: (failure) =>
          failure instanceof HeartwireError && failure.retryable
            ? timer(FOLLOW_AGAIN_AFTER_MS)
            : throwError(() => toHttpException(failure)),
      }),
    );
  }

  private statusComments(): Observable<MessageEvent> {
    return this.client.status.pipe(
      skip(1),
      map((status) => ({ comment: `the connection to chat: ${status}` })),
    );
  }
}

/** As text: Nest counts only text against what may wait for a client that doesn't read. */
function toEvent(message: ChatMessage): MessageEvent {
  return { id: message.id, data: JSON.stringify(message) };
}

function keepAliveComments(): Observable<MessageEvent> {
  return interval(KEEP_ALIVE_MS).pipe(map(() => ({ comment: 'still here' })));
}

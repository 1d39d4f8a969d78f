import { HttpException, type MessageEvent, ServiceUnavailableException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { ErrorCode, type HeartwireClient, HeartwireError } from 'heartwire';
import { NEVER, type Observable, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

import type { FollowPage } from '../contract/chat-message.js';
import { type ChatClient } from './chat-client.js';
import { FollowService } from './follow.service.js';

const page = (cursor: string, ...ids: readonly string[]): FollowPage => ({
  cursor,
  messages: ids.map((id) => ({ id, room: 'lobby', author: 'ada', text: id, postedAt: '' })),
});
const event = (id: string): MessageEvent => ({ id, data: JSON.stringify(page('', id).messages[0]) });
const lost = new HeartwireError(ErrorCode.CONNECTION_LOST, 'cut');

/** The service over a chat that answers each call with the next of these, and keeps what it was asked. */
function following(
  answers: readonly Observable<FollowPage>[],
  status$: Observable<string> = NEVER,
): { service: FollowService; asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const chat: Partial<ChatClient> = {
    follow: (_, after) => {
      asked.push(after);
      return answers[asked.length - 1] ?? NEVER;
    },
  };
  const service = new FollowService(chat as ChatClient, { status: status$ } as unknown as HeartwireClient);
  return { service, asked };
}

const scheduled = (run: Parameters<TestScheduler['run']>[0]): unknown =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);

describe('following a room', () => {
  it('asks again, from where it was, when the call is lost', () => {
    scheduled(({ cold, expectObservable, flush }) => {
      const { service, asked } = following([
        cold('a-#', { a: page('2', '1', '2') }, lost),
        cold('b-#', { b: page('5') }, lost),
        cold('c', { c: page('7', '7') }),
      ]);
      expectObservable(service.follow('lobby', '0'), '600ms !').toBe('(ab) 500ms c', {
        a: event('1'),
        b: event('2'),
        c: event('7'),
      });
      flush();
      expect(asked).toEqual(['0', '2', '5']);
    });
  });

  it('asks again when chat has ended the stream', () => {
    scheduled(({ cold, expectObservable, flush }) => {
      const { service, asked } = following([
        cold('a|', { a: page('1', '1') }),
        cold('b', { b: page('2', '2') }),
      ]);
      expectObservable(service.follow('lobby', undefined), '300ms !').toBe('a 250ms b', {
        a: event('1'),
        b: event('2'),
      });
      flush();
      expect(asked).toEqual([undefined, '1']);
    });
  });

  it.each([
    ['what chat refuses', { status: 400, response: 'no' }, 400],
    ['what asking again would not mend', new HeartwireError(ErrorCode.NO_HANDLER, 'none'), 502],
  ])('fails with %s', (_, failure, status) => {
    const { service, asked } = following([throwError(() => failure)]);
    const thrown: unknown[] = [];
    service.follow('lobby', undefined).subscribe({ error: (error) => thrown.push(error) });

    expect(thrown).toEqual([expect.any(HttpException)]);
    expect((thrown[0] as HttpException).getStatus()).toBe(status);
    expect(asked).toHaveLength(1);
  });

  it('tells in comments how the connection is, from then on, and that it is still there', () => {
    scheduled(({ hot, expectObservable }) => {
      const { service } = following([], hot('a--b', { a: 'connected', b: 'reconnecting' }));
      expectObservable(service.follow('lobby', undefined), '15001ms !').toBe('---b 14996ms c', {
        b: { comment: 'the connection to chat: reconnecting' },
        c: { comment: 'still here' },
      });
    });
  });

  it('takes 500 followers, and another one when one has left', () => {
    const { service } = following([]);
    const [first] = Array.from({ length: 500 }, () => service.follow('lobby', undefined).subscribe());
    expect(() => service.follow('lobby', undefined)).toThrow(ServiceUnavailableException);

    first?.unsubscribe();
    const last = service.follow('lobby', undefined).subscribe();
    expect(() => service.follow('lobby', undefined)).toThrow(ServiceUnavailableException);
    last.unsubscribe();
    service.onModuleDestroy();
  });

  it('ends for everybody when the gateway stops', () => {
    scheduled(({ cold, hot, expectObservable }) => {
      const { service } = following([cold('a', { a: page('1', '1') })]);
      hot('---x').subscribe(() => service.onModuleDestroy());
      expectObservable(service.follow('lobby', undefined)).toBe('a--|', { a: event('1') });
      expectObservable(service.follow('lobby', undefined), '----^').toBe('----|');
    });
  });
});

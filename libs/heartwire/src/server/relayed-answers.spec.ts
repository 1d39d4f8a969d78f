import { describe, expect, it } from '@jest/globals';
import { NEVER, Observable } from 'rxjs';

import type { HubNews } from '../options/hub-adapter.js';
import type { ClientCalls } from './client-calls.js';
import { RelayedAnswers } from './relayed-answers.js';

describe('calls of other instances to clients of this one', () => {
  const setUp = (): { answers: RelayedAnswers; published: HubNews[]; stopped: unknown[] } => {
    const [published, stopped]: [HubNews[], unknown[]] = [[], []];
    const send = (pattern: unknown): Observable<never> =>
      new Observable((observer) => {
        const running = NEVER.subscribe(observer);
        running.add(() => stopped.push(pattern));
        return running;
      });
    const client = { send } as unknown as ClientCalls;
    const answers = new RelayedAnswers(
      () => client,
      (news) => published.push(news),
    );
    for (const callId of ['1', '2', '3'])
      answers.serve('east', {
        type: 'call',
        callId,
        clientId: 'ann',
        pattern: callId,
        data: 0,
        metadata: undefined,
        timeoutMs: 1_000,
      });
    return { answers, published, stopped };
  };

  it('end one by one where their callers give them up', () => {
    const { answers, published, stopped } = setUp();
    answers.cancel('east', '2');
    answers.cancel('east', '1');
    answers.cancel('west', '3');
    expect(stopped).toEqual(['2', '1']);
    answers.cancel('east', '3');
    expect(stopped).toEqual(['2', '1', '3']);
    expect(published).toEqual([]);
  });

  it('that run still fail when that instance may have given up any of them', () => {
    const { answers, published, stopped } = setUp();
    answers.cancel('east', '2');
    answers.miss('east');
    expect(stopped).toEqual(['2', '1', '3']);
    expect(published).toMatchObject([
      { type: 'answered', callId: '1' },
      { type: 'answered', callId: '3' },
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { finalize, type Observable, Subject } from 'rxjs';

import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const KIB = 1_024;
const ITEM = 'x'.repeat(100 * KIB);
/** What a stream may send without further credit. */
const CREDIT = 64;

@Controller()
class FeedController {
  readonly news$ = new Subject<string>();
  readonly quiet$ = new Subject<string>();
  followers = 0;
  generated = 0;

  @MessagePattern('news')
  news(): Observable<string> {
    this.followers += 1;
    return this.news$.pipe(finalize(() => (this.followers -= 1)));
  }

  @MessagePattern('quiet')
  quiet(): Observable<string> {
    this.followers += 1;
    return this.quiet$;
  }

  @MessagePattern('generated')
  async *generate(): AsyncGenerator<string> {
    for (;;) {
      this.generated += 1;
      yield await Promise.resolve(ITEM);
    }
  }
}

describe('what the Observables of one connection are ahead of their receivers', () => {
  const stage = new Stage();
  let controller: FeedController;
  let peer: RawPeer;
  let url: string;

  beforeEach(async () => {
    const limits = {
      outgoingStreamBytes: 1_000 * KIB,
      deliveryLogBytes: 512 * KIB,
      maxFrameBytes: 128 * KIB,
    };
    const served = await stage.serve({ controllers: [FeedController] }, { server: { limits } });
    ({ url } = served);
    controller = served.app.get(FeedController);
    peer = await greeted();
  });

  afterEach(() => stage.clear());

  const greeted = async (): Promise<RawPeer> => {
    const connected = stage.track(await RawPeer.connect(url));
    connected.answerPings();
    connected.send({ type: 'hello', protocol: 1 });
    await connected.received({ type: 'ready' });
    return connected;
  };

  /** It asks for so many streams, and grants none of them credit. */
  const follow = async (follower: RawPeer, pattern: string, ids: readonly number[]): Promise<void> => {
    const before = controller.followers;
    follower.send(...ids.map((id) => ({ id, pattern, data: {} })));
    await until('they follow', () => controller.followers === before + ids.length);
  };

  const publish = async (items: number): Promise<void> => {
    for (let n = 0; n < items; n++) {
      controller.news$.next(ITEM);
      await new Promise(setImmediate);
    }
  };

  /** Says what it has received, as any peer does, and takes no item off its streams. */
  const acknowledge = (of: RawPeer): void => {
    of.send({ type: 'ack', received: of.messages.filter(({ id }) => id !== undefined).length });
  };

  const untilStopped = (of: RawPeer): Promise<void> =>
    until('streams of it are stopped', () => {
      acknowledge(of);
      return failures(of).length > 0;
    });

  const failures = (of: RawPeer): readonly unknown[] =>
    of.messages.flatMap(({ id, err }) => (err === undefined ? [] : [{ id, ...(err as object) }]));

  it('has a bound together: who asks for many streams and reads none has them fail, and nobody beside it', async () => {
    const honest = await greeted();
    const ids = Array.from({ length: 20 }, (_, id) => id);
    await follow(peer, 'news', ids);
    await follow(honest, 'news', [1]);
    // Fewer bytes for each than any stream may be ahead by itself.
    await publish(8);
    await untilStopped(peer);
    expect(failures(peer)).toContainEqual(
      expect.objectContaining({ code: 'SLOW_CONSUMER', retryable: true }),
    );
    expect(failures(honest)).toEqual([]);
    expect(controller.followers).toBeLessThan(1 + ids.length);
  });

  it('does not hurt a stream of that connection that is not ahead', async () => {
    await follow(peer, 'quiet', [100]);
    await follow(
      peer,
      'news',
      Array.from({ length: 20 }, (_, id) => id),
    );
    await publish(8);
    await untilStopped(peer);
    controller.quiet$.next('still here');
    controller.quiet$.complete();
    await until('it is said', () => {
      acknowledge(peer);
      return peer.messages.some(({ id, isDisposed }) => id === 100 && isDisposed === true);
    });
    expect(peer.messages.find(({ id }) => id === 100)).toMatchObject({ response: 'still here' });
  });

  it('is free again once those streams are over', async () => {
    for (let round = 0; round < 5; round++) {
      const id = round + 1;
      await follow(peer, 'news', [id]);
      await publish(CREDIT / 16);
      peer.send({ type: 'cancel', id });
      await until('it is cancelled', () => controller.followers === 0);
    }
    expect(failures(peer)).toEqual([]);
  });

  it('leaves sources alone that wait when they are told to', async () => {
    peer.send(...Array.from({ length: 20 }, (_, id) => ({ id, pattern: 'generated', data: {} })));
    await until('each gave something', () => controller.generated >= 20);
    await follow(peer, 'quiet', [100]);
    for (let n = 0; n < 4; n++) controller.quiet$.next('a little');
    controller.quiet$.complete();
    await until('all is said', () => {
      acknowledge(peer);
      return peer.messages.some(({ id, isDisposed }) => id === 100 && isDisposed === true);
    });
    expect(failures(peer)).toEqual([]);
  });
});

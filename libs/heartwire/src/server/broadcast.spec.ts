import { describe, expect, it } from '@jest/globals';

import type { PushTarget } from '../options/push-target.js';
import { Broadcast, type BroadcastHost, type Push } from './broadcast.js';

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  lobby: ['ann', 'bob'],
  kitchen: ['bob', 'cid'],
  ann: ['ann'],
};

class FakeHost implements BroadcastHost {
  written = 0;
  readonly delivered: [string, unknown][] = [];
  readonly published: Push[] = [];

  everybody(): ReadonlySet<string> {
    return new Set(['ann', 'bob', 'cid', 'dot']);
  }

  named(target: PushTarget): Iterable<string> {
    return GROUPS[typeof target === 'string' ? target : (Object.values(target)[0] as string)] ?? [];
  }

  write(pattern: unknown, data: unknown): string {
    this.written += 1;
    return JSON.stringify({ pattern, data });
  }

  publish(push: Push): void {
    this.published.push(push);
  }

  deliver(clientId: string, message: unknown): void {
    this.delivered.push([clientId, message]);
  }

  get recipients(): readonly string[] {
    return this.delivered.map(([id]) => id);
  }
}

describe('a broadcast', () => {
  it.each([
    ['to everybody', undefined, [], ['ann', 'bob', 'cid', 'dot']],
    ['to a room', ['lobby'], [], ['ann', 'bob']],
    ['to nobody', ['attic'], [], []],
    ['to two rooms that share a member', ['lobby', { room: 'kitchen' }], [], ['ann', 'bob', 'cid']],
    ['to everybody but a room', undefined, ['lobby'], ['cid', 'dot']],
    ['to a room but one', ['lobby'], [{ client: 'ann' }], ['bob']],
  ] as const)('%s reaches each once', (_, targets, exceptions, recipients) => {
    const host = new FakeHost();
    new Broadcast(host, targets, exceptions).emit('news', 1);
    expect(host.recipients).toEqual(recipients);
  });

  it('is written down once, however many get it', () => {
    const host = new FakeHost();
    new Broadcast(host).emit('news', { n: 1 });
    expect(host.written).toBe(1);
    expect(new Set(host.delivered.map(([, message]) => message)).size).toBe(1);
  });

  it('may be kept: an exception makes another one of it', () => {
    const host = new FakeHost();
    const lobby = new Broadcast(host, ['lobby']);
    lobby.except('ann').except({ client: 'ann' }).emit('news', 1);
    lobby.emit('news', 2);
    expect(host.recipients).toEqual(['bob', 'ann', 'bob']);
  });
});

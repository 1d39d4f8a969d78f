import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';

import type { FollowPage } from '../../contract/chat-message.js';
import { SharedReads } from './shared-reads.js';

const page = (cursor: string): FollowPage => ({ messages: [], cursor });

/** A store whose readings end when they are told to. */
function slowStore(): {
  readonly reads: SharedReads;
  readonly changed: Subject<string | undefined>;
  readonly readings: { room: string; resolve: (read: FollowPage) => void; reject: (error: Error) => void }[];
} {
  const changed = new Subject<string | undefined>();
  const readings: ReturnType<typeof slowStore>['readings'] = [];
  const read = (room: string): Promise<FollowPage> =>
    new Promise((resolve, reject) => {
      readings.push({ room, resolve, reject });
    });
  return { reads: new SharedReads({ changed$: changed, read }), changed, readings };
}

describe('readings of a room', () => {
  it('are one for all who want the same at once', async () => {
    const { reads, readings } = slowStore();
    const same = [reads.read('tea', { limit: 5 }), reads.read('tea', { limit: 5 })];
    expect(readings).toHaveLength(1);

    readings[0]?.resolve(page('1'));
    expect(await Promise.all(same)).toEqual([page('1'), page('1')]);
  });

  it('are apart where the room, the place or the number is another', () => {
    const { reads, readings } = slowStore();
    void reads.read('tea', { limit: 5 });
    void reads.read('tea', { limit: 6 });
    void reads.read('tea', { limit: 5, after: '1' });
    void reads.read('milk', { limit: 5 });
    expect(readings).toHaveLength(4);
  });

  it('begin anew after a change, also while an older one is under way', async () => {
    const { reads, changed, readings } = slowStore();
    const before = reads.read('tea', { limit: 5 });
    changed.next('tea');
    const after = [reads.read('tea', { limit: 5 })];
    readings[0]?.resolve(page('old'));
    expect(await before).toEqual(page('old'));
    after.push(reads.read('tea', { limit: 5 }));
    expect(readings).toHaveLength(2);
    readings[1]?.resolve(page('new'));
    expect(await Promise.all(after)).toEqual([page('new'), page('new')]);
  });

  it('begin anew once one is done or has failed', async () => {
    const { reads, readings } = slowStore();
    const failing = [reads.read('tea', { limit: 5 }), reads.read('tea', { limit: 5 })];
    readings[0]?.reject(new Error('the disk'));
    for (const each of failing) await expect(each).rejects.toThrow('the disk');

    const next = reads.read('tea', { limit: 5 });
    readings[1]?.resolve(page('2'));
    expect(await next).toEqual(page('2'));
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';

import type { UserEvent } from '../user/user-event.js';
import { titleOf } from './conversation.js';
import { Conversations } from './conversations.js';

const at = '2026-01-01T00:00:00.000Z';
const message = (room: string, id: string): UserEvent => ({
  type: 'said',
  message: { id, room, author: 'bob', text: id, postedAt: at },
});
const whisper = (from: string, to: string, draftId: string): UserEvent => ({
  type: 'whispered',
  whisper: { draftId, from, to, text: draftId, sentAt: at },
});

describe('the conversations of a page', () => {
  let conversations: Conversations;
  const titles = (): readonly string[] => conversations.list.map(({ place }) => titleOf(place));
  const unread = (): readonly number[] => conversations.list.map((each) => each.unread);

  beforeEach(() => {
    conversations = new Conversations();
    conversations.show({ room: 'tea' });
    conversations.show({ room: 'lobby' });
  });

  it('count what comes while another one is open, until they are shown', () => {
    for (const event of [message('tea', 'm1'), message('tea', 'm1'), message('lobby', 'm2')])
      conversations.take(event, 'ada');
    expect(unread()).toEqual([1, 0]);
    conversations.show({ room: 'tea' });
    expect(unread()).toEqual([0, 0]);
  });

  it('begin with a whisper, from either side, one for each person', () => {
    conversations.take(whisper('Bob', 'ada', 'w1'), 'ada');
    conversations.take(whisper('ada', 'bob', 'w2'), 'ada');
    expect(titles()).toEqual(['#tea', '#lobby', '@Bob']);
    expect(conversations.list[2]?.log.lines.map(({ id }) => id)).toEqual(['w1', 'w2']);
  });

  it('know a whisper of one’s own by its draft, though one is called otherwise by now', () => {
    conversations.expect({ nick: 'bob' }, 'w1', 'psst');
    conversations.take(whisper('ada', 'bob', 'w1'), 'eda');
    expect(titles()).toEqual(['#tea', '#lobby', '@bob']);
    expect(conversations.waiting).toBe(0);
  });

  it('do not begin again with what comes from a room that was left', () => {
    conversations.take({ type: 'left', room: 'tea' }, 'ada');
    conversations.take(message('tea', 'm1'), 'ada');
    expect(titles()).toEqual(['#lobby']);
  });

  it('show another one when the open one is closed', () => {
    conversations.close({ room: 'lobby' });
    expect(conversations.current?.place).toEqual({ room: 'tea' });
    conversations.close({ room: 'tea' });
    expect(conversations.current).toBeUndefined();
  });

  it('let go of what was refused', () => {
    conversations.expect({ nick: 'nobody' }, 'w1', 'psst');
    conversations.take({ type: 'refused', what: 'psst', reason: 'nobody is there', draftId: 'w1' }, 'ada');
    expect(conversations.waiting).toBe(0);
  });
});

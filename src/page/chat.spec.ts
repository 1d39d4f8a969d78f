import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NEVER, Subject } from 'rxjs';

import { ChatUser } from '../user/chat-user.js';
import { Chat } from './chat.js';
import { titleOf } from './conversation.js';

describe('what a page does for its user', () => {
  let user: ChatUser;
  let chat: Chat;
  let notices: string[];
  const titles = (): readonly string[] => chat.conversations.list.map(({ place }) => titleOf(place));

  /** Without a connection: all that is written waits. */
  beforeEach(() => {
    const link = { connected$: new Subject(), send: () => NEVER, on$: () => NEVER };
    let ids = 0;
    user = new ChatUser(link, {
      nick: 'ada',
      key: 'k'.repeat(16),
      newId: () => `draft-${String((ids += 1))}`,
    });
    chat = new Chat(user);
    notices = [];
    chat.notices$.subscribe((notice) => notices.push(notice));
    chat.start(['lobby', 'tea']);
  });

  afterEach(() => {
    user.stop();
  });

  it('speaks in its rooms, and to people', () => {
    expect(chat.speak({ room: 'lobby' }, 'hello')).toBe(true);
    expect(chat.speak({ nick: 'bob' }, 'psst')).toBe(true);
    expect(chat.conversations.waiting).toBe(2);
    expect(titles()).toEqual(['#lobby', '#tea', '@bob']);
  });

  it('says that a text is too long, without the text', () => {
    expect(chat.speak({ room: 'lobby' }, 'x'.repeat(2_001))).toBe(false);
    expect(notices).toEqual(['#lobby: a message may have 2000 characters, not 2001']);
    expect(chat.conversations.waiting).toBe(0);
  });

  it('says that a file can’t be shared in a room that was left meanwhile, and doesn’t open the room again', () => {
    chat.leave({ room: 'tea' });
    expect(chat.speak({ room: 'tea' }, '/files/tea.png')).toBe(false);
    expect(titles()).toEqual(['#lobby']);
    expect(notices).toEqual(['#tea: you have left the room']);
    expect(user.waiting).toBe(1); // that it leaves
  });
});

import type { Chat } from './chat.js';
import { keyOf } from './conversation.js';
import { byId, coalesced, element } from './element.js';
import { type Row, showItems } from './keyed-list.js';

/** Who is in the room, and who is online: to each other one can whisper. */
export function showPeople(chat: Chat): void {
  const { conversations, roster } = chat;
  const memberSection = byId('member-section', HTMLElement);
  const members = byId('members', HTMLUListElement);
  const online = byId('online', HTMLUListElement);
  const key = (nick: string): string => `${nick === chat.nick ? 'self' : ''}${keyOf({ nick })} ${nick}`;

  const member: Row<string> = {
    keyOf: key,
    make: (nick) => element('li', {}, nick === chat.nick ? `${nick} (you)` : nick),
  };
  const person: Row<string> = {
    keyOf: key,
    make: (nick) => {
      if (nick === chat.nick) return element('li', {}, `${nick} (you)`);
      const whisper = element('button', { type: 'button', textContent: nick, title: `Whisper to ${nick}` });
      whisper.setAttribute('aria-label', `Whisper to ${nick}`);
      whisper.addEventListener('click', () => {
        conversations.show({ nick });
        byId('text', HTMLTextAreaElement).focus();
      });
      return element('li', {}, whisper);
    },
  };
  const render = coalesced(() => {
    const place = conversations.current?.place;
    const room = place !== undefined && 'room' in place ? place.room : undefined;
    memberSection.hidden = room === undefined;
    showItems(members, room === undefined ? [] : roster.members(room), member);
    showItems(online, roster.online, person);
  });
  roster.changed$.subscribe(render);
  conversations.changed$.subscribe(render);
  chat.changed$.subscribe(render);
}

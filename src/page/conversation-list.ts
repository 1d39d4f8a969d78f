import type { Chat } from './chat.js';
import { type Conversation, keyOf, titleOf } from './conversation.js';
import { byId, coalesced, element } from './element.js';
import { showItems } from './keyed-list.js';

/** The rooms the user is in and the people the user whispers with: one is open. */
export function showConversations(chat: Chat): void {
  const { conversations } = chat;
  const list = byId('conversations', HTMLUListElement);

  const make = (conversation: Conversation): HTMLElement => {
    const open = element('button', { type: 'button' });
    open.addEventListener('click', () => {
      conversations.show(conversation.place);
      byId('text', HTMLTextAreaElement).focus();
    });
    const row = element('li', {}, open);
    update(row, conversation);
    return row;
  };
  const update = (row: HTMLElement, conversation: Conversation): void => {
    const open = row.querySelector('button');
    if (open === null) return;
    const { place, unread } = conversation;
    const title = element('span', { textContent: titleOf(place) });
    const badge = element('span', { className: 'badge', textContent: String(unread) }, hidden(' unread'));
    open.replaceChildren(title, ...(unread > 0 ? [' ', badge] : []));
    if (conversation === conversations.current) open.setAttribute('aria-current', 'true');
    else open.removeAttribute('aria-current');
  };

  const render = (): void => {
    showItems(list, conversations.list, { keyOf: ({ place }) => keyOf(place), make, update });
  };
  conversations.changed$.subscribe(coalesced(render));
}

function hidden(text: string): HTMLElement {
  return element('span', { className: 'hidden', textContent: text });
}

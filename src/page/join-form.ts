import type { Chat } from './chat.js';
import { byId, element } from './element.js';

/** Where the user names a room, with the names of all rooms to choose from. */
export function runJoinForm(chat: Chat): void {
  const form = byId('join-form', HTMLFormElement);
  const field = byId('room', HTMLInputElement);
  const names = byId('rooms', HTMLDataListElement);
  field.addEventListener('focus', () => {
    chat.allRooms().then(
      (rooms) => names.replaceChildren(...rooms.map((value) => element('option', { value }))),
      // A room can be named all the same.
      () => undefined,
    );
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    chat.join(field.value.trim().toLowerCase());
    form.reset();
    byId('text', HTMLTextAreaElement).focus();
  });
}

import type { Chat } from './chat.js';
import { byId } from './element.js';

/** What the user is called. */
export function runNicknameForm(chat: Chat): void {
  const form = byId('nickname-form', HTMLFormElement);
  const field = byId('nickname', HTMLInputElement);
  const show = (): void => {
    // What is being typed is left alone.
    if (document.activeElement !== field) field.value = chat.nick;
  };
  show();
  chat.changed$.subscribe(show);
  field.addEventListener('blur', show);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    chat.rename(field.value.trim());
    byId('text', HTMLTextAreaElement).focus();
  });
}

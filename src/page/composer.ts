import type { Chat } from './chat.js';
import { titleOf } from './conversation.js';
import { byId, coalesced } from './element.js';

/** Where the user writes: Enter sends, Shift+Enter begins a new line. Without a connection, what is sent waits. */
export function runComposer(chat: Chat): void {
  const { conversations } = chat;
  const form = byId('composer', HTMLFormElement);
  const field = byId('text', HTMLTextAreaElement);
  const waiting = byId('waiting', HTMLElement);

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const place = conversations.current?.place;
    if (place === undefined || field.value.trim() === '') return;
    if (chat.speak(place, field.value)) form.reset();
    field.focus();
  });
  field.addEventListener('keydown', (event) => {
    // What an input method composes ends with Enter too.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // At once: what opens a conversation then puts the cursor here, which a field that is disabled would not take.
  conversations.changed$.subscribe(() => {
    const isUseless = conversations.current === undefined;
    if (isUseless && form.contains(document.activeElement)) byId('room', HTMLInputElement).focus();
    for (const control of form.elements) control.toggleAttribute('disabled', isUseless);
  });
  const render = coalesced(() => {
    const place = conversations.current?.place;
    if (place !== undefined) field.placeholder = `Message ${titleOf(place)}`;
    const count = conversations.waiting;
    waiting.textContent = count === 0 ? '' : `${String(count)} to send`;
  });
  conversations.changed$.subscribe(render);
  window.addEventListener('beforeunload', (event) => {
    if (conversations.waiting > 0) event.preventDefault();
  });
}

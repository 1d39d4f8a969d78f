import type { Place } from '../user/outbox.js';
import type { Chat } from './chat.js';
import { byId } from './element.js';
import { UploadRow } from './upload-row.js';

/** Files that are dropped on the conversation, chosen, or pasted, are uploaded and shared there. */
export function runFileDrop(chat: Chat): void {
  const { conversations } = chat;
  const area = byId('conversation', HTMLElement);
  const uploads = byId('uploads', HTMLUListElement);
  const field = byId('files', HTMLInputElement);
  const share = (files: Iterable<File>): void => {
    const place: Place | undefined = conversations.current?.place;
    if (place === undefined) return;
    for (const file of files) new UploadRow(file, (text) => chat.speak(place, text)).start(uploads);
  };

  area.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    area.classList.add('dropping');
  });
  for (const type of ['dragleave', 'drop'] as const) {
    area.addEventListener(type, () => area.classList.remove('dropping'));
  }
  area.addEventListener('drop', (event) => {
    const files = event.dataTransfer?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    share(files);
  });
  area.addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    if (files !== undefined && files.length > 0) share(files);
  });
  field.addEventListener('change', () => {
    share(field.files ?? []);
    field.value = '';
  });
}

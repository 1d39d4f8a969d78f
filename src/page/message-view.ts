import type { Chat } from './chat.js';
import { titleOf } from './conversation.js';
import type { Line } from './conversation-log.js';
import { byId, coalesced, element } from './element.js';
import { showItems } from './keyed-list.js';
import { filePath, readSharedFile, sizeText } from './shared-file.js';

/** How far from its end the log still counts as read to the end, in px. */
const NEAR_END_PX = 40;

/** What is said in the conversation that is open. */
export function showMessages(chat: Chat): void {
  const { conversations } = chat;
  const title = byId('title', HTMLElement);
  const leave = byId('leave', HTMLButtonElement);
  const log = byId('log', HTMLOListElement);
  let shown = conversations.current;

  const render = (): void => {
    const { current } = conversations;
    const isOther = current !== shown;
    shown = current;
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    title.textContent = current === undefined ? 'Join a room' : titleOf(current.place);
    leave.hidden = current === undefined;
    leave.textContent = current !== undefined && 'room' in current.place ? 'Leave' : 'Close';
    // What was said before in another conversation is no news.
    log.ariaBusy = String(isOther);
    if (isOther) log.replaceChildren();
    const make = (line: Line): HTMLElement => lineElement(line, chat.nick);
    showItems(log, current?.log.lines ?? [], { keyOf: ({ type, id }) => `${type} ${id}`, make });
    if (isOther || wasAtEnd) log.scrollTop = log.scrollHeight;
    log.ariaBusy = 'false';
  };
  conversations.changed$.subscribe(coalesced(render));
  leave.addEventListener('click', () => {
    if (conversations.current !== undefined) chat.leave(conversations.current.place);
    byId('room', HTMLInputElement).focus();
  });
}

function lineElement(line: Line, self: string): HTMLElement {
  if (line.type === 'draft') {
    const state = element('span', { className: 'state', textContent: 'waits to be sent' });
    return element('li', { className: 'draft' }, state, contentOf(line.text));
  }
  const author = element('strong', { dir: 'auto', textContent: line.author });
  const time = element('time', { dateTime: line.at, textContent: timeOf(line.at) });
  return element(
    'li',
    { className: line.author === self ? 'own' : '' },
    author,
    ' ',
    time,
    contentOf(line.text),
  );
}

function contentOf(text: string): HTMLElement {
  const file = readSharedFile(text);
  if (file === undefined) return element('p', { dir: 'auto', textContent: text });
  const link = element('a', { href: filePath(file.name), download: file.name, textContent: file.name });
  const digest = element('code', { textContent: file.sha256.slice(0, 12), title: `SHA-256 ${file.sha256}` });
  return element('p', { className: 'file' }, link, ` ${sizeText(file.size)}, SHA-256 `, digest, '…');
}

/** Hours and minutes, here. */
function timeOf(iso: string): string {
  return new Date(iso).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

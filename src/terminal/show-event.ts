import type { PresenceChange } from '../contract/user-view.js';
import type { UserEvent } from '../user/user-event.js';
import { printable } from './printable.js';

/** An event as a line; `undefined` for one that the user needn't be told. */
export function showEvent(event: UserEvent, self: string): string | undefined {
  switch (event.type) {
    case 'said': {
      const { room, author, text, postedAt } = event.message;
      return `${timeOf(postedAt)} [${printable(room)}] ${printable(author)}: ${printable(text)}`;
    }
    case 'whispered': {
      const { from, to, text, sentAt } = event.whisper;
      const who = from === self ? `you to ${printable(to)}` : `${printable(from)} to you`;
      return `${timeOf(sentAt)} (${who}) ${printable(text)}`;
    }
    case 'presence':
      return event.change.nick === self ? undefined : `* ${showChange(event.change)}`;
    case 'introduced':
      return undefined;
    case 'joined':
      return `* You are in ${printable(event.room)}, with ${event.members.map(printable).join(', ')}`;
    case 'left':
      return `* You have left ${printable(event.room)}`;
    case 'refused':
      return `! ${printable(event.what)}: ${printable(event.reason)}`;
  }
}

function showChange(change: PresenceChange): string {
  const nick = printable(change.nick);
  switch (change.type) {
    case 'online':
    case 'offline':
      return `${nick} is ${change.type}`;
    case 'joined':
    case 'left':
      return `${nick} has ${change.type} ${printable(change.room)}`;
    case 'nick':
      return `${printable(change.before)} is now ${nick}`;
  }
}

/** Hours and minutes, here. */
function timeOf(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}

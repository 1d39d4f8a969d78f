/** What somebody types. */
export type Command =
  | { readonly name: 'say'; readonly text: string }
  | { readonly name: 'whisper'; readonly nick: string; readonly text: string }
  | { readonly name: 'nick'; readonly nick: string }
  | { readonly name: 'join'; readonly room: string }
  | { readonly name: 'leave' | 'list'; readonly room: string | undefined }
  | { readonly name: 'rooms' | 'status' | 'quit' | 'help' | 'nothing' }
  /** Typed wrongly: what to do instead. */
  | { readonly name: 'wrong'; readonly advice: string };

export const HELP = `\
/nick NAME           be called NAME
/join ROOM           enter a room, or go back to one that you are in
/leave [ROOM]        leave a room
/rooms               all rooms
/list [ROOM]         who is online, or in a room
/whisper NAME TEXT   tell one person something
/status              how the connection is
/quit                end
//TEXT               say something that begins with /
Anything else is said in the room that the prompt names.`;

/** A line that is no command is said. */
export function parseCommand(line: string): Command {
  const text = line.trim();
  if (text === '') return { name: 'nothing' };
  if (!text.startsWith('/')) return { name: 'say', text };
  if (text.startsWith('//')) return { name: 'say', text: text.slice(1) };
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  const [first, ...others] = rest === '' ? [] : rest.split(/\s+/u);
  switch (name) {
    case 'rooms':
    case 'status':
    case 'quit':
    case 'help':
      return { name };
    case 'leave':
    case 'list':
      return others.length > 0 ? wrong(`/${name} [ROOM]`) : { name, room: first };
    case 'nick':
      return first === undefined || others.length > 0 ? wrong('/nick NAME') : { name, nick: first };
    case 'join':
      return first === undefined || others.length > 0 ? wrong('/join ROOM') : { name, room: first };
    case 'whisper':
      if (first === undefined || others.length === 0) return wrong('/whisper NAME TEXT');
      return { name, nick: first, text: rest.slice(first.length).trim() };
    default:
      return { name: 'wrong', advice: `There is no /${name}. Try /help` };
  }
}

function wrong(usage: string): Command {
  return { name: 'wrong', advice: `It goes like this: ${usage}` };
}

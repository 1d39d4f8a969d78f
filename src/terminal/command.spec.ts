import { describe, expect, it } from '@jest/globals';

import { HELP, parseCommand } from './command.js';

describe('a line that is typed', () => {
  it.each([
    ['hello  there ', { name: 'say', text: 'hello  there' }],
    ['//etc', { name: 'say', text: '/etc' }],
    ['   ', { name: 'nothing' }],
    ['/nick ada', { name: 'nick', nick: 'ada' }],
    ['/join tea-room', { name: 'join', room: 'tea-room' }],
    ['/leave', { name: 'leave', room: undefined }],
    ['/list lobby', { name: 'list', room: 'lobby' }],
    ['/whisper bob  how are  you', { name: 'whisper', nick: 'bob', text: 'how are  you' }],
    ['/quit', { name: 'quit' }],
    [' /help ', { name: 'help' }],
    ['/whisper bob', { name: 'wrong', advice: 'It goes like this: /whisper NAME TEXT' }],
    ['/nick', { name: 'wrong', advice: 'It goes like this: /nick NAME' }],
    ['/', { name: 'wrong', advice: 'There is no /. Try /help' }],
    ['/QUIT', { name: 'wrong', advice: 'There is no /QUIT. Try /help' }],
  ])('%j is understood', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });

  it('may be any command that the help names', () => {
    const commands = HELP.split('\n').flatMap((line) => /^\/[a-z]+/.exec(line)?.[0] ?? []);

    expect(commands).toHaveLength(8);
    for (const command of commands) expect(parseCommand(`${command} some thing`).name).toBe(command.slice(1));
  });
});

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
    ['/nick ada lovelace', { name: 'wrong', advice: 'It goes like this: /nick NAME' }],
    ['/join tea room', { name: 'wrong', advice: 'It goes like this: /join ROOM' }],
    ['/leave tea room', { name: 'wrong', advice: 'It goes like this: /leave [ROOM]' }],
    ['/nick', { name: 'wrong', advice: 'It goes like this: /nick NAME' }],
    ['/', { name: 'wrong', advice: 'There is no /. Try /help' }],
    ['/QUIT', { name: 'wrong', advice: 'There is no /QUIT. Try /help' }],
  ])('%j is understood', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });

  it('may be any command that the help names', () => {
    const examples = HELP.split('\n').flatMap((line) => /^\/[a-z]+( \[?[A-Z]+\]?)*/.exec(line)?.[0] ?? []);

    expect(examples).toHaveLength(8);
    for (const example of examples)
      expect(parseCommand(example).name).toBe(example.slice(1).split(' ', 1)[0]);
  });
});

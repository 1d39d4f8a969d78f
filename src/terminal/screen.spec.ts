import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeTerminal } from '../../test/support/fake-terminal.js';
import { LineScreen } from './screen.js';

describe('a terminal', () => {
  let terminal: FakeTerminal;
  let screen: LineScreen;

  const { TERM } = process.env;

  beforeEach(() => {
    process.env['TERM'] = 'xterm';
    terminal = new FakeTerminal(10);
    screen = new LineScreen(terminal.input, terminal.output);
    screen.prompt('me> ');
  });

  afterEach(() => {
    screen.lines.close();
    if (TERM === undefined) delete process.env['TERM'];
    else process.env['TERM'] = TERM;
  });

  it('shows what others say above what is being typed', () => {
    terminal.type('half');
    screen.print('bob: hi');
    terminal.type(' a line');

    expect(terminal.seen).toEqual(['bob: hi', 'me> half a', ' line']);
  });

  it.each([7, 16, 17, 40])('keeps it all, however long that is (%i characters)', (length) => {
    terminal.type('x'.repeat(length));
    screen.print('bob: one');
    screen.print('bob: two, which is longer');
    terminal.type('y');
    screen.print('bob: three');

    const typed = /.{1,10}/g[Symbol.match](`me> ${'x'.repeat(length)}y`);
    expect(terminal.seen).toEqual(
      ['bob: one', 'bob: two, ', 'which is l', 'onger', 'bob: three', ...(typed ?? [])].map((row) =>
        row.trimEnd(),
      ),
    );
  });

  it('takes away what is entered, however long it is, wherever the cursor is', () => {
    screen.print('before');
    terminal.type(`${'x'.repeat(30)}\u0001\r`);
    terminal.type('one\rtwo\rthree\r');
    screen.print('after');

    expect(terminal.seen).toEqual(['before', 'after', 'me>']);
  });

  it('leaves nothing of what was being typed behind, and still shows what is to be said', () => {
    screen.print('before');
    terminal.type('x'.repeat(30));
    screen.lines.close();
    screen.prompt('you> ');
    screen.print('after');

    expect(terminal.seen).toEqual(['before', 'after']);
  });
});

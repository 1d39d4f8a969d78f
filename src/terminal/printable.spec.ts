import { describe, expect, it } from '@jest/globals';

import { printable } from './printable.js';

describe('what others wrote', () => {
  it.each([
    ['plain “text” ☕ 👩‍💻 é', 'plain “text” ☕ 👩‍💻 é'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b[2J\u001b[1;1Hgone', 'gone'],
    ['\u001b]0;title\u0007after', 'after'],
    ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b31mred', 'red'],
    ['half \u001b', 'half'],
    ['one\r\ntwo\tthree', 'one two three'],
    ['bell\u0007 back\b\u007f', 'bell back'],
    ['turned \u202e around \u2066\u200f', 'turned around'],
    ['line\u2028separator', 'line separator'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('holds no control character, whatever characters it is made of', () => {
    const all = Array.from({ length: 0x3_000 }, (_, code) => String.fromCharCode(code));
    for (const text of [all.join(''), ...all.map((character) => `\u001b${character}`)]) {
      expect(printable(text)).not.toMatch(/\p{Cc}/u);
    }
  });
});

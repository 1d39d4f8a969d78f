import { describe, expect, it } from '@jest/globals';

import { oneLine, quote } from './peer-text.js';

describe('quote', () => {
  it.each<[string, string]>([
    ['plain', '"plain"'],
    ['', '""'],
    ['two\nlines', '"two\\nlines"'],
    ['three\u2028more\u0085\u009b2Jlines', '"three more 2Jlines"'],
    ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
    ['\u0000'.repeat(50), `"${'\\u0000'.repeat(9)}\\u000…`],
  ])('%p is shown as %s', (text, shown) => {
    expect(quote(text)).toBe(shown);
  });
});

describe('oneLine', () => {
  it.each<[string, string]>([
    ['as it is: tea ☕, "quoted"', 'as it is: tea ☕, "quoted"'],
    ['two\r\nlines\u2028three\u0085', 'two lines three '],
    ['\u001b[2Jclear', ' [2Jclear'],
  ])('%p becomes %p', (text, shown) => {
    expect(oneLine(text)).toBe(shown);
  });
});

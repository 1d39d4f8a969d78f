import { describe, expect, it } from '@jest/globals';

import { readPort } from './read-port.js';

describe('PORT', () => {
  it.each([
    [undefined, 3_000],
    ['', 3_000],
    ['0', 0],
    ['8080', 8_080],
    ['65535', 65_535],
  ])('%j is %d', (text, port) => {
    expect(readPort(text)).toBe(port);
  });

  it.each(['65536', '-1', '80.5', '0x50', ' 80', 'http', '1e3'])('%j is refused by name', (text) => {
    expect(() => readPort(text)).toThrow(`PORT must be a number from 0 to 65535, not "${text}"`);
  });
});

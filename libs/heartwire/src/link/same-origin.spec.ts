import { describe, expect, it } from '@jest/globals';

import { isSameOrigin } from './same-origin.js';

describe('a page', () => {
  it.each([
    ['http://chat.example:3000', 'chat.example:3000'],
    ['https://chat.example', 'chat.example'],
    ['https://chat.example', 'chat.example:443'],
    ['http://chat.example', 'CHAT.example:80'],
    ['http://[::1]:3000', '[::1]:3000'],
  ])('of %s is of the host %s', (origin, host) => {
    expect(isSameOrigin(origin, host)).toBe(true);
  });

  it.each([
    ['http://chat.example', 'chat.example:3000'],
    ['https://chat.example', 'chat.example:80'],
    ['https://chat.example.evil', 'chat.example'],
    ['https://evil.example', 'chat.example'],
    ['null', 'chat.example'],
    ['', 'chat.example'],
    ['http://chat.example', undefined],
    ['http://chat.example', 'not a host'],
  ])('of %s is not of the host %s', (origin, host) => {
    expect(isSameOrigin(origin, host)).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';

import { identityName } from './identity-name.js';

describe('the name of an identity', () => {
  it.each([
    ['ada', 'ada'],
    [7, '7'],
    [{ id: 'ada', roles: [] }, 'ada'],
    [{ id: 7 }, '7'],
  ])('of %j is %s', (identity, name) => {
    expect(identityName(identity)).toBe(name);
  });

  it.each([undefined, null, true, {}, { id: {} }, { id: undefined }, { name: 'ada' }])(
    'is missing in %j',
    (identity) => {
      expect(identityName(identity)).toBeUndefined();
    },
  );
});

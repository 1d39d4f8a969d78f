import { describe, expect, it } from '@jest/globals';

import { settings } from './settings.js';

describe('what is set in the environment', () => {
  it('has nothing of what is there but empty', () => {
    expect(settings({ PORT: '3000', REDIS_URL: '', HOST: undefined })).toEqual({ PORT: '3000' });
  });
});

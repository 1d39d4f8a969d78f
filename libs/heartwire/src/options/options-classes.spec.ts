import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';

import { ClientOptions } from './client-options.js';
import { HeartbeatOptions } from './heartbeat-options.js';
import { ClientLimits, ServerLimits } from './limits.js';
import { ReconnectOptions } from './reconnect-options.js';
import { ServerOptions } from './server-options.js';
import { ClientTlsOptions, SecureContextOptions, ServerTlsOptions } from './tls-options.js';

describe('every member of a class of options', () => {
  it.each([
    ServerOptions,
    ClientOptions,
    HeartbeatOptions,
    ReconnectOptions,
    ServerLimits,
    ClientLimits,
    SecureContextOptions,
    ServerTlsOptions,
    ClientTlsOptions,
  ])('is checked: %p', (type) => {
    const checked = getMetadataStorage()
      .getTargetValidationMetadatas(type, '', false, false)
      .map((metadata) => metadata.propertyName);
    expect([...new Set(checked)].sort()).toEqual(Object.keys(new type()).sort());
  });
});

import { describe, expect, it } from '@jest/globals';

import type { HeartwireClientOptions } from './client-options.js';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';
import type { HeartwireServerOptions } from './server-options.js';

const url = 'tcp://orders:4001';
const MIB = 1_024 * 1_024;

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

describe('heartbeat: adaptive', () => {
  it('is short for a heartbeat that adapts, up to the default pace', () => {
    const url = 'tcp://127.0.0.1:4001';
    const adaptive = { intervalMs: 5_000, timeoutMs: 10_000, adaptive: true, countTraffic: true };
    expect(resolveServerOptions({ url, heartbeat: 'adaptive' }).heartbeat).toEqual(adaptive);
    expect(resolveClientOptions({ url, heartbeat: 'adaptive' }).heartbeat).toEqual(adaptive);
  });
});

describe('the defaults', () => {
  it('of a client are those of the design', () => {
    expect(resolveClientOptions({ url })).toStrictEqual({
      targets: [{ kind: 'tcp', host: 'orders', port: 4001 }],
      maxEndpoints: 4,
      balance: 'power-of-two',
      resolveIntervalMs: 30_000,
      resolve: undefined,
      heartbeat: { intervalMs: 5_000, timeoutMs: 10_000, adaptive: false, countTraffic: true },
      drainTimeoutMs: 10_000,
      resumeWindowMs: 30_000,
      callTimeoutMs: 5_000,
      idleTimeoutMs: Infinity,
      connectTimeoutMs: 5_000,
      handshakeTimeoutMs: 5_000,
      strict: false,
      name: undefined,
      token: undefined,
      tls: { isFixed: true, read: expect.any(Function) },
      reconnect: {
        maxAttempts: Infinity,
        firstMaxMs: 100,
        baseMs: 50,
        growthMs: 100,
        maxMs: 5_000,
        stableAfterMs: 10_000,
        afterRefusal: false,
      },
      limits: {
        maxFrameBytes: 4 * MIB,
        sendBufferBytes: 16 * MIB,
        sharedSendBufferBytes: 256 * MIB,
        deliveryLogBytes: 16 * MIB,
        runningCallsPerConnection: 1_024,
        frameTimeoutMs: 30_000,
        incomingStreams: 256,
        incomingStreamBytes: 256 * 1_024 ** 2,
        outgoingStreamBytes: 64 * 1_024 ** 2,
        streamBufferItems: 65_536,
        streamBufferBytes: 16 * 1_024 ** 2,
        waitingCalls: 65_536,
        waitingBytes: 64 * MIB,
      },
      serializer: undefined,
      deserializer: undefined,
    });
  });

  it('of a server are those of the design', () => {
    expect(resolveServerOptions({ url: 'tcp://0.0.0.0:0' })).toStrictEqual({
      addresses: [{ kind: 'tcp', host: '0.0.0.0', port: 0 }],
      attach: undefined,
      path: '/heartwire',
      allowedOrigins: undefined,
      heartbeat: { intervalMs: 5_000, timeoutMs: 10_000, adaptive: false, countTraffic: true },
      drainTimeoutMs: 10_000,
      resumeWindowMs: 30_000,
      maxConnectionAgeMs: Infinity,
      maxConnectionIdleMs: Infinity,
      statusIntervalMs: Infinity,
      callTimeoutMs: 5_000,
      tls: expect.any(Function),
      authenticate: undefined,
      adapter: undefined,
      limits: {
        maxFrameBytes: 4 * MIB,
        sendBufferBytes: 16 * MIB,
        sharedSendBufferBytes: 256 * MIB,
        deliveryLogBytes: 16 * MIB,
        runningCallsPerConnection: 1_024,
        frameTimeoutMs: 30_000,
        incomingStreams: 256,
        incomingStreamBytes: 256 * 1_024 ** 2,
        outgoingStreamBytes: 64 * 1_024 ** 2,
        streamBufferItems: 65_536,
        streamBufferBytes: 16 * 1_024 ** 2,
        runningCalls: 16_384,
        waitingEvents: 65_536,
        waitingEventBytes: 64 * MIB,
        suspendedSessions: 16_384,
        suspendedBytes: 256 * 1_024 ** 2,
        connections: Infinity,
        connectionsPerAddress: Infinity,
        handshakes: 8_192,
        handshakeTimeoutMs: 5_000,
        messagesPerSecond: Infinity,
        patternDepth: 6,
      },
      serializer: undefined,
      deserializer: undefined,
    });
  });

  it('let the buffers grow with the frames that they must hold', () => {
    const limits = { maxFrameBytes: 64 * MIB };
    expect(resolveServerOptions({ url, limits }).limits).toMatchObject({
      sendBufferBytes: 256 * MIB,
      sharedSendBufferBytes: 256 * MIB,
      waitingEventBytes: 256 * MIB,
    });
    expect(
      resolveClientOptions({ url, limits: { ...limits, sendBufferBytes: 8 * MIB } }).limits,
    ).toMatchObject({
      sendBufferBytes: 8 * MIB,
      sharedSendBufferBytes: 128 * MIB,
      waitingBytes: 256 * MIB,
    });
  });
});

describe('what was given', () => {
  it('is taken, and the rest of its section keeps the defaults', () => {
    const resolved = resolveClientOptions({
      urls: ['tcp://a:1', 'unix:///run/b.sock', 'srv+tcp://_c._tcp.example'],
      heartbeat: { intervalMs: 100, timeoutMs: 200 },
      reconnect: { maxAttempts: 0 },
      name: 'gateway-1',
      strict: true,
    });
    expect(resolved.targets).toEqual([
      { kind: 'tcp', host: 'a', port: 1 },
      { kind: 'unix', path: '/run/b.sock' },
      { kind: 'srv', name: '_c._tcp.example' },
    ]);
    expect(resolved.heartbeat).toEqual({
      intervalMs: 100,
      timeoutMs: 200,
      adaptive: false,
      countTraffic: true,
    });
    expect(resolved.reconnect).toMatchObject({ maxAttempts: 0, maxMs: 5_000 });
    expect(resolved).toMatchObject({ name: 'gateway-1', strict: true });
  });

  it('may be undefined, which means the default', () => {
    const input: HeartwireServerOptions = {
      url,
      heartbeat: undefined,
      limits: { connections: undefined },
      drainTimeoutMs: undefined,
    };
    const tls = expect.any(Function);
    expect(resolveServerOptions(input)).toEqual({ ...resolveServerOptions({ url }), tls });
  });

  it.each<Omit<HeartwireClientOptions, 'url'>>([
    { token: 'x' },
    { token: 'x'.repeat(16_384) },
    { heartbeat: { intervalMs: 3_000, timeoutMs: 3_000 } },
    { limits: { deliveryLogBytes: 65_536 } },
  ])('may be at a bound: %#', (options) => {
    expect(() => resolveClientOptions({ url, ...options })).not.toThrow();
  });

  it('is copied: what is added to a list later has no effect', () => {
    const allowedOrigins = ['https://chat.example.com'];
    const resolved = resolveServerOptions({ url: 'ws://127.0.0.1:4001', allowedOrigins });
    allowedOrigins.push('https://evil.example.com');
    expect(resolved.allowedOrigins).toEqual(['https://chat.example.com']);
  });

  it('is not changed where a word is spelled out', () => {
    const input = Object.freeze({ url, heartbeat: 'adaptive' as const, name: 'gateway-1' });
    expect(resolveClientOptions(input)).toMatchObject({ name: 'gateway-1', heartbeat: { adaptive: true } });
    expect(input.heartbeat).toBe('adaptive');
  });

  it('may be an instance of a class, with getters and methods', () => {
    class Settings {
      readonly url = url;
      get callTimeoutMs(): number {
        return 250;
      }
      refresh(): void {
        throw new Error('never called');
      }
    }
    expect(resolveClientOptions(new Settings()).callTimeoutMs).toBe(250);
  });

  it('may be one whose getters say all, the short heartbeat too', () => {
    class Settings {
      get url(): string {
        return url;
      }
      get heartbeat(): 'adaptive' {
        return 'adaptive';
      }
    }
    expect(resolveServerOptions(new Settings()).heartbeat.adaptive).toBe(true);
    expect(resolveClientOptions(new Settings()).heartbeat.adaptive).toBe(true);
  });

  it('may have a null prototype', () => {
    const input = Object.assign(Object.create(null) as object, { url, strict: true });
    expect(resolveClientOptions(input).strict).toBe(true);
  });

  it('is never changed, and may be frozen to its depth', () => {
    const input: HeartwireClientOptions = {
      url,
      heartbeat: { intervalMs: 1_000 },
      limits: { waitingCalls: 5 },
      reconnect: {},
    };
    const copy = structuredClone(input);
    resolveClientOptions(input);
    expect(input).toEqual(copy);
    expect(resolveClientOptions(deepFreeze(input)).limits.waitingCalls).toBe(5);
  });

  it('can change later without an effect', () => {
    const input = { urls: ['tcp://a:1'], heartbeat: { intervalMs: 1_000 } };
    const resolved = resolveServerOptions(input);
    input.urls.push('tcp://b:2');
    input.heartbeat.intervalMs = 7;
    expect(resolved.addresses).toHaveLength(1);
    expect(resolved.heartbeat.intervalMs).toBe(1_000);
  });

  it('keeps the serializer and the deserializer as they are, unfrozen', () => {
    class Upper {
      calls = 0;
      serialize(packet: unknown): unknown {
        return packet;
      }
      deserialize(value: unknown): unknown {
        return value;
      }
    }
    const codec = new Upper();
    const resolved = resolveServerOptions({ url, serializer: codec, deserializer: codec });
    expect(resolved.serializer).toBe(codec);
    expect(resolved.deserializer).toBe(codec);
    expect(Object.isFrozen(codec)).toBe(false);
  });

  it.each([
    ['server', () => resolveServerOptions({ url })],
    ['client', () => resolveClientOptions({ url })],
  ])('gives a %s options that are frozen to their depth', (_, resolve) => {
    const isDeepFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeepFrozen));
    expect(isDeepFrozen(resolve())).toBe(true);
  });

  it('needs no Reflect.metadata', () => {
    expect('metadata' in Reflect).toBe(false);
    expect(resolveServerOptions({ url }).heartbeat.timeoutMs).toBe(10_000);
  });
});

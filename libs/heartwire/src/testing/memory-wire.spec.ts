import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ScriptedPeer, settle } from '../../../../test/support/scripted-peer.js';
import { MemoryWire, type MemoryWireSettings } from './memory-wire.js';

describe('MemoryWire', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  interface Joined {
    readonly wire: MemoryWire;
    readonly dialling: ScriptedPeer;
    readonly accepting: ScriptedPeer;
  }

  function join(settings?: MemoryWireSettings): Joined {
    const wire = new MemoryWire(settings);
    return {
      wire,
      dialling: new ScriptedPeer(wire.dialling),
      accepting: new ScriptedPeer(wire.accepting),
    };
  }

  it('carries messages both ways, in order', () => {
    const { dialling, accepting } = join();
    dialling.say({ n: 1 }, { n: 2 });
    accepting.say({ n: 3 });
    expect(accepting.heard).toEqual([{ n: 1 }, { n: 2 }]);
    expect(dialling.heard).toEqual([{ n: 3 }]);
    expect(dialling.link.bytesSent).toBe(accepting.link.bytesReceived);
  });

  it('never delivers in the turn in which something is said', () => {
    const { wire, accepting } = join();
    wire.dialling.send(['{"n":1}']);
    expect(accepting.heard).toEqual([]);
    settle();
    expect(accepting.heard).toHaveLength(1);
  });

  it('carries in pieces, each of which takes its time', () => {
    const { wire, accepting } = join({ pieceBytes: () => 3, delayMs: () => 10 });
    wire.dialling.send(['{"n":1}']);
    jest.advanceTimersByTime(39);
    expect(accepting.heard).toEqual([]);
    expect(wire.dialling.bufferedBytes).toBe(2);
    jest.advanceTimersByTime(1);
    expect(accepting.heard).toEqual([{ n: 1 }]);
  });

  // A frame of 4 + 7 bytes: only what is behind its last byte arrives whole.
  it.each(Array.from({ length: 13 }, (_, bytes) => bytes))('breaks after byte %d', (bytes) => {
    const { wire, dialling, accepting } = join({ pieceBytes: () => 4 });
    wire.cutAfter('dialling', bytes);
    wire.dialling.send(['{"n":1}', '{"n":2}']);
    jest.advanceTimersByTime(100);
    expect(accepting.heard).toEqual(bytes >= 11 ? [{ n: 1 }] : []);
    expect(accepting.link.bytesReceived).toBe(bytes);
    for (const peer of [dialling, accepting]) {
      expect(peer.closedWith).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    }
  });

  it('breaks at one end alone: what that end has sent arrives, and the other hears of nothing', () => {
    const { wire, dialling, accepting } = join({ delayMs: () => 5 });
    wire.dialling.send(['{"n":1}']);
    wire.accepting.send(['{"n":2}']);
    wire.breakAt('dialling');
    settle();
    expect(dialling).toMatchObject({ isClosed: true, heard: [] });
    expect(accepting).toMatchObject({ isClosed: false, hasEnded: false, heard: [{ n: 1 }] });
  });

  it('swallows what one end says', () => {
    const { wire, dialling, accepting } = join();
    wire.swallow('accepting');
    accepting.say({ n: 1 });
    dialling.say({ n: 2 });
    expect(dialling.heard).toEqual([]);
    expect(accepting.heard).toEqual([{ n: 2 }]);
  });

  it('ends as a socket does: behind what was said, each direction for itself, then without an error', () => {
    const { wire, dialling, accepting } = join({ delayMs: () => 2 });
    wire.dialling.send(['{"n":1}']);
    wire.dialling.end();
    settle();
    expect(accepting).toMatchObject({ heard: [{ n: 1 }], hasEnded: true, isClosed: false });
    accepting.say({ n: 2 });
    expect(dialling.heard).toEqual([{ n: 2 }]);
    wire.accepting.end();
    settle();
    for (const peer of [dialling, accepting]) {
      expect(peer).toMatchObject({ isClosed: true, closedWith: undefined });
    }
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells when it is full, and when there is room again', () => {
    const wire = new MemoryWire({ highWaterBytes: 20 });
    let rooms = 0;
    const nothing = (): void => undefined;
    wire.dialling.open({
      text: nothing,
      binary: nothing,
      violated: nothing,
      writable: () => (rooms += 1),
      peerEnded: nothing,
      closed: nothing,
    });
    expect(wire.dialling.send(['{"n":1}'])).toBe(true);
    expect(wire.dialling.send(['{"n":2}'])).toBe(false);
    settle();
    expect(rooms).toBe(0);
    const peer = new ScriptedPeer(wire.accepting);
    settle();
    expect(rooms).toBe(1);
    expect(peer.heard).toHaveLength(2);
  });
});

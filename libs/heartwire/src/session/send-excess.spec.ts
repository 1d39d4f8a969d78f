import { beforeEach, describe, expect, it } from '@jest/globals';

import { FakeTime } from '../../../../test/support/fake-time.js';
import type { SendExcess } from './send-excess.js';
import { SharedSendBuffer } from './shared-send-buffer.js';

const OWN_BYTES = 100;
const SHARED_BYTES = 1_000;
const LOOK_MS = 1_000;

/** What waits for one peer, and what it has read. */
class Peer {
  queuedBytes = 0;
  takenBytes: number | undefined = 0;
  overflows = 0;
  readonly excess: SendExcess;

  constructor(shared: SharedSendBuffer) {
    this.excess = shared.excessOf(this, OWN_BYTES, this);
  }

  overflowed(): void {
    this.overflows += 1;
    this.excess.stop();
  }

  /** So much waits now. @returns whether it may */
  has(queuedBytes: number): boolean {
    this.queuedBytes = queuedBytes;
    return this.excess.isAdmitted();
  }
}

describe('SharedSendBuffer', () => {
  let time: FakeTime;
  let shared: SharedSendBuffer;

  beforeEach(() => {
    time = new FakeTime();
    shared = new SharedSendBuffer(SHARED_BYTES, time.clock, time.timers);
  });

  it('has room for what is beyond the own bounds of all peers together', () => {
    const [first, second] = [new Peer(shared), new Peer(shared)];
    expect(first.has(OWN_BYTES + 600)).toBe(true);
    expect(second.has(OWN_BYTES + 401)).toBe(false);
    expect(second.has(OWN_BYTES + 400)).toBe(true);
    expect(first.has(OWN_BYTES + 601)).toBe(false);
    expect(first.has(OWN_BYTES + 500)).toBe(true);
    expect(second.has(OWN_BYTES + 500)).toBe(true);
  });

  it('has room again once a session is over, or less waits', () => {
    const [first, second] = [new Peer(shared), new Peer(shared)];
    expect(first.has(OWN_BYTES + SHARED_BYTES)).toBe(true);
    expect(second.has(OWN_BYTES + 1)).toBe(false);
    first.excess.stop();
    expect(second.has(OWN_BYTES + SHARED_BYTES)).toBe(true);

    second.queuedBytes = OWN_BYTES + 400;
    second.excess.shrunk();
    expect(first.has(OWN_BYTES + 600)).toBe(true);
    second.queuedBytes = OWN_BYTES;
    second.takenBytes = 400;
    time.pass(LOOK_MS);
    expect(first.has(OWN_BYTES + SHARED_BYTES)).toBe(true);
  });

  it('drops who reads nothing from one look to the next', () => {
    const peer = new Peer(shared);
    peer.has(OWN_BYTES + 600);
    peer.takenBytes = 50;
    time.pass(LOOK_MS);
    expect(peer.overflows).toBe(0);
    time.pass(LOOK_MS);
    expect(peer.overflows).toBe(1);
  });

  it('drops nobody who reads on, however slowly', () => {
    const peer = new Peer(shared);
    peer.has(OWN_BYTES + 600);
    for (let look = 1; look <= 20; look++) {
      peer.takenBytes = look;
      time.pass(LOOK_MS);
    }
    expect(peer.overflows).toBe(0);
  });

  it('waits for who is away, and looks anew when it is back', () => {
    const peer = new Peer(shared);
    peer.has(OWN_BYTES + 600);
    peer.takenBytes = undefined;
    time.pass(10 * LOOK_MS);
    peer.takenBytes = 0;
    time.pass(LOOK_MS);
    expect(peer.overflows).toBe(0);
    time.pass(LOOK_MS);
    expect(peer.overflows).toBe(1);
  });

  it('judges nobody by a look that came late: what was read meanwhile is not known yet', () => {
    const peer = new Peer(shared);
    peer.has(OWN_BYTES + 600);
    time.at += 5 * LOOK_MS;
    time.fire();
    expect(peer.overflows).toBe(0);
    time.pass(LOOK_MS);
    expect(peer.overflows).toBe(1);
  });

  it('looks only while more waits than the own bound, with one timer', () => {
    const peer = new Peer(shared);
    peer.has(OWN_BYTES + 1);
    peer.has(OWN_BYTES + 2);
    expect(time.timersRunning).toBe(1);
    peer.queuedBytes = OWN_BYTES;
    time.pass(LOOK_MS);
    expect(time.timersRunning).toBe(0);

    peer.has(OWN_BYTES + 1);
    expect(time.timersRunning).toBe(1);
    peer.excess.stop();
    expect(time.timersRunning).toBe(0);
  });

  it('has none of a size of 0', () => {
    const peer = new Peer(new SharedSendBuffer(0, time.clock, time.timers));
    expect(peer.has(OWN_BYTES + 1)).toBe(false);
    expect(time.timersRunning).toBe(0);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { asyncScheduler } from 'rxjs';

import { isEnvelope, type Outgoing } from '../protocol/outgoing.js';
import { monotonicClock } from '../timing/clock.js';
import { ControlChannel } from './control-channel.js';
import { Delivery } from './delivery.js';

const KIB = 1_024;

describe('when a session acknowledges', () => {
  let said: unknown[];
  let afterInput: (() => void)[];
  let delivery: Delivery;
  let stands: boolean;
  let control: ControlChannel;

  beforeEach(() => {
    said = [];
    afterInput = [];
    stands = true;
    delivery = new Delivery(KIB);
    delivery.begin(true);
    const runtime = {
      clock: monotonicClock,
      scheduler: asyncScheduler,
      random: () => 0.5,
      defer: () => undefined,
      afterInput: (task: () => void) => void afterInput.push(task),
    };
    const heartbeat = { intervalMs: 1, timeoutMs: 1 };
    const outbox = {
      pushControl: (message: Outgoing) =>
        void said.push(isEnvelope(message) ? message : JSON.parse(String(message))),
      wake: () => undefined,
      followRoundTrip: () => undefined,
    };
    const tellReceived = (): number | undefined => {
      if (!stands) return undefined;
      delivery.acknowledgementSent();
      return delivery.received;
    };
    control = new ControlChannel(
      runtime,
      heartbeat,
      outbox,
      delivery,
      { tellReceived },
      { livenessChanged: () => undefined },
    );
  });

  /** All that came in was taken. */
  function endInput(): void {
    for (const task of afterInput.splice(0)) task();
  }

  it('says so with the tick that made it due', () => {
    control.arrived(64 * KIB - 1, false);
    expect(said).toEqual([]);
    control.arrived(1, false);
    expect(said).toEqual([{ type: 'ack', received: 2 }]);
    endInput();
    expect(said).toHaveLength(1);
  });

  it('says it once for all of a stream of bytes that was there', () => {
    control.arrived(64 * KIB, true);
    control.arrived(64 * KIB, true);
    expect(said).toEqual([]);
    endInput();
    expect(said).toEqual([{ type: 'ack', received: 2 }]);
    control.arrived(64 * KIB, true);
    endInput();
    expect(said).toEqual([
      { type: 'ack', received: 2 },
      { type: 'ack', received: 3 },
    ]);
  });

  it('waits no longer than for 192 KiB, or for the next call', () => {
    for (let count = 1; count <= 3; count += 1) control.arrived(64 * KIB, true);
    expect(said).toEqual([{ type: 'ack', received: 3 }]);
    control.arrived(64 * KIB, true);
    control.arrived(1, false);
    expect(said).toEqual([
      { type: 'ack', received: 3 },
      { type: 'ack', received: 5 },
    ]);
    endInput();
    expect(said).toHaveLength(2);
  });

  it('says nothing on a link on which the session does not stand yet', () => {
    control.arrived(64 * KIB, true);
    stands = false;
    endInput();
    expect(said).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';

import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { Delivery } from './delivery.js';

function session({ windowBytes = 1_000, keeps = true } = {}): Delivery {
  const delivery = new Delivery(windowBytes);
  delivery.begin(keeps);
  return delivery;
}

function handOver(delivery: Delivery, ...messages: readonly string[]): void {
  for (const message of messages) delivery.handedOver(message);
}

describe('Delivery', () => {
  it('keeps what was handed over, in order, until the other end has received it', () => {
    const delivery = session();
    handOver(delivery, 'a', 'b', 'c');
    expect(delivery.unacknowledged()).toEqual(['a', 'b', 'c']);
    delivery.acknowledge(2);
    expect(delivery.unacknowledged()).toEqual(['c']);
    handOver(delivery, 'd');
    delivery.acknowledge(2);
    expect(delivery.unacknowledged()).toEqual(['c', 'd']);
    delivery.acknowledge(4);
    expect(delivery.unacknowledged()).toEqual([]);
  });

  it.each([-1, 1, 4])('refuses that %d were received, of three sent and two acknowledged', (received) => {
    const delivery = session();
    handOver(delivery, 'a', 'b', 'c');
    delivery.acknowledge(2);
    expect(delivery.couldHaveArrived(received)).toBe(false);
    expect(() => delivery.acknowledge(received)).toThrow(ProtocolViolation);
    expect(delivery.unacknowledged()).toEqual(['c']);
  });

  it.each([2, 3])('takes that %d were received, of three sent and two acknowledged', (received) => {
    const delivery = session();
    handOver(delivery, 'a', 'b', 'c');
    delivery.acknowledge(2);
    expect(delivery.couldHaveArrived(received)).toBe(true);
  });

  it('closes its window once as many bytes are kept as it holds, and opens it with the acknowledgement', () => {
    const delivery = session({ windowBytes: 10 });
    handOver(delivery, 'x'.repeat(9));
    expect(delivery.isWindowFull).toBe(false);
    handOver(delivery, 'x'.repeat(4));
    expect(delivery.isWindowFull).toBe(true);
    delivery.acknowledge(1);
    expect(delivery.isWindowFull).toBe(false);
  });

  it('wants an acknowledgement after 256 messages', () => {
    const delivery = session();
    for (let count = 1; count < 256; count += 1) expect(delivery.arrived(10)).toBe(false);
    expect(delivery.arrived(10)).toBe(true);
    delivery.acknowledgementSent();
    expect(delivery.arrived(10)).toBe(false);
    expect(delivery.received).toBe(257);
  });

  it('wants an acknowledgement after 64 KiB', () => {
    const delivery = session();
    expect(delivery.arrived(65_535)).toBe(false);
    expect(delivery.arrived(1)).toBe(true);
    delivery.acknowledgementSent();
    expect(delivery.arrived(65_535)).toBe(false);
  });

  it('lets one that is due wait for more bytes, and not for long', () => {
    const delivery = session();
    expect(delivery.arrived(196_607)).toBe(true);
    expect(delivery.isAckUrgent).toBe(false);
    delivery.arrived(1);
    expect(delivery.isAckUrgent).toBe(true);
    delivery.acknowledgementSent();
    expect([delivery.isAckDue, delivery.isAckUrgent]).toEqual([false, false]);
    for (let count = 1; count <= 256; count += 1) delivery.arrived(1);
    expect(delivery.isAckUrgent).toBe(true);
  });

  it('counts from zero in each session, and forgets what the last one kept', () => {
    const delivery = session();
    handOver(delivery, 'a', 'b');
    delivery.acknowledge(1);
    delivery.arrived(1);
    delivery.begin(true);
    expect(delivery.received).toBe(0);
    expect(delivery.unacknowledged()).toEqual([]);
    handOver(delivery, 'c');
    delivery.acknowledge(1);
    expect(delivery.unacknowledged()).toEqual([]);
  });

  it('keeps and counts nothing before a session, or after it', () => {
    const delivery = new Delivery(10);
    handOver(delivery, 'x'.repeat(100));
    expect([delivery.isWindowFull, delivery.unacknowledged(), delivery.arrived(1e6)]).toEqual([
      false,
      [],
      false,
    ]);
    delivery.begin(true);
    handOver(delivery, 'x'.repeat(100));
    delivery.stop();
    expect([delivery.isWindowFull, delivery.unacknowledged(), delivery.arrived(1e6)]).toEqual([
      false,
      [],
      false,
    ]);
  });

  it('counts, but keeps nothing, where sessions end with their links', () => {
    const delivery = session({ windowBytes: 10, keeps: false });
    handOver(delivery, 'x'.repeat(100));
    delivery.acknowledge(1);
    expect([delivery.isWindowFull, delivery.unacknowledged()]).toEqual([false, []]);
    expect(delivery.arrived(65_536)).toBe(true);
    expect(delivery.received).toBe(1);
  });

  it('goes on for very many messages', () => {
    const delivery = session({ windowBytes: 1e9 });
    for (let sent = 1; sent <= 20_000; sent += 1) {
      handOver(delivery, String(sent));
      if (sent % 700 === 0) delivery.acknowledge(sent - 300);
    }
    expect(delivery.unacknowledged()[0]).toBe(String(20_000 - (20_000 % 700) - 299));
    delivery.acknowledge(20_000);
    expect(delivery.unacknowledged()).toEqual([]);
  });
});

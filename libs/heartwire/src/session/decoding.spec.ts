import { beforeEach, describe, expect, it } from '@jest/globals';

import { Decoding } from './decoding.js';

const MAX_WAITING_BYTES = 100;

/** Lets promises that are settled run what waits for them. */
function endTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

describe('Decoding', () => {
  let received: unknown[];
  let refusals: unknown[];
  /** Ends the decoding of a packet, by its data. */
  let decoded: Map<unknown, () => void>;
  let decoding: Decoding;

  beforeEach(() => {
    received = [];
    refusals = [];
    decoded = new Map();
    decoding = new Decoding(
      (raw) => {
        const { data } = raw as { data: unknown };
        if (data === 'at once') return raw;
        return new Promise((resolve, reject) => {
          decoded.set(data, () => {
            if (data === 'broken') reject(new Error('broken'));
            else resolve(raw);
          });
        });
      },
      {
        receiveCall: (message) => void received.push((message as { data?: unknown }).data),
        refuse: (error) => void refusals.push(error),
        allDecoded: () => undefined,
      },
      MAX_WAITING_BYTES,
    );
  });

  const come = (data: string, bytes = 10): void => {
    decoding.packet({ pattern: 'work', data }, bytes);
  };

  const finish = (...all: string[]): Promise<void> => {
    for (const data of all) decoded.get(data)?.();
    return endTurn();
  };

  it('delivers at once what is decoded at once, and in order what has to wait', async () => {
    come('at once');
    expect(received).toEqual(['at once']);
    come('slow');
    come('slower');
    come('at once');
    decoding.message({ kind: 'event', pattern: 'work', data: 'known' }, 10);
    await finish('slower');
    expect(received).toEqual(['at once']);
    await finish('slow');
    expect(received).toEqual(['at once', 'slow', 'slower', 'at once', 'known']);
    come('at once');
    expect(received).toHaveLength(6);
  });

  it('drops what belonged to an earlier session, and lets it hold back nothing', async () => {
    come('old');
    come('broken');
    decoding.restart();
    come('at once');
    expect(received).toEqual(['at once']);
    come('new');
    await finish('old', 'broken', 'new');
    expect(received).toEqual(['at once', 'new']);
    expect(refusals).toEqual([]);
  });

  it('tells of a packet that can not be decoded in its turn', async () => {
    come('slow');
    come('broken');
    await finish('broken');
    expect(refusals).toEqual([]);
    await finish('slow');
    expect(refusals).toEqual([new Error('broken')]);
  });

  it('has a bound for what waits, and its room again for what was delivered or dropped', async () => {
    const full = MAX_WAITING_BYTES;
    come('a', full);
    expect(() => {
      come('too much', 1);
    }).toThrow('101 bytes wait for the deserializer');
    decoding.restart();
    come('b', full);
    await finish('b');
    come('c', full);
    await finish('c');
    expect(received).toEqual(['b', 'c']);
  });
});

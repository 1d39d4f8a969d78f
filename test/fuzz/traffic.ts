import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { seededRandom } from '../../libs/heartwire/src/testing/seeded-random.js';
import { frame, header, messageFrame } from '../support/raw-peer.js';

/** What one connection does: what it writes, in these pieces, and how it leaves. */
export interface Case {
  readonly pieces: readonly Buffer[];
  readonly end: 'waits' | 'finishes' | 'resets';
}

const corpusDirectory = resolve(import.meta.dirname, '../corpus');
const MAX_PIECES = 40;

/** The bytes of `test/corpus`: lines of hex, `#` begins a comment. */
export function readCorpus(): readonly Buffer[] {
  return readdirSync(corpusDirectory)
    .filter((name) => name.endsWith('.hex'))
    .sort()
    .map((name) => {
      const text = readFileSync(join(corpusDirectory, name), 'utf8');
      return Buffer.from(text.replaceAll(/#.*$/gm, '').replaceAll(/\s+/g, ''), 'hex');
    });
}

/** Choices that follow from a seed. */
class Dice {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** From 0, below `end`. */
  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** As many of what is made as chance has it. */
  several<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: 1 + this.below(most) }, make);
  }
}

/** What connection `index` of a run does. The same for the same seed and corpus. */
export function caseOf(seed: number, index: number, corpus: readonly Buffer[]): Case {
  const dice = new Dice(Math.imul(seed, 0x9e37_79b1) + index);
  const bytes = dice.pick([randomBytes, mutated, mutated, conversation, conversation])(dice, corpus);
  return { pieces: split(dice, bytes), end: dice.pick(['waits', 'finishes', 'resets']) };
}

function randomBytes(dice: Dice): Buffer {
  const lead = dice.chance(2) ? header(dice.below(300), dice.pick([0, 0, 2, 1, 3])) : Buffer.alloc(0);
  return Buffer.concat([lead, dice.bytes(dice.below(400))]);
}

/** Valid traffic with faults in it. */
function mutated(dice: Dice, corpus: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(dice.pick(corpus));
  for (const mutate of dice.several(6, () => dice.pick(mutations))) {
    if (bytes.length > 0) bytes = Buffer.from(mutate(bytes, dice, corpus));
  }
  return bytes;
}

type Mutation = (bytes: Buffer, dice: Dice, corpus: readonly Buffer[]) => Buffer;

const mutations: readonly Mutation[] = [
  (bytes, dice) => {
    bytes[dice.below(bytes.length)] = dice.below(256);
    return bytes;
  },
  (bytes, dice) => {
    const at = dice.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length)),
  (bytes, dice) => bytes.subarray(dice.below(bytes.length)),
  (bytes, dice) => {
    const at = dice.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), dice.bytes(dice.below(20)), bytes.subarray(at)]);
  },
  (bytes, dice) => {
    const [from, to] = [dice.below(bytes.length), dice.below(bytes.length)].sort((a, b) => a - b);
    return Buffer.concat([bytes, bytes.subarray(from, to), bytes]);
  },
  (bytes, dice, corpus) => Buffer.concat([bytes, dice.pick(corpus)]),
  // A number in the JSON becomes another; the lengths still fit.
  (bytes, dice) => {
    const digits = [...bytes.keys()].filter((at) => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39);
    if (digits.length > 0) bytes[dice.pick(digits)] = 0x30 + dice.below(10);
    return bytes;
  },
];

/** Well-formed frames of messages that make more sense or less. */
function conversation(dice: Dice): Buffer {
  const hello = dice.chance(2) ? [messageFrame({ type: 'hello', protocol: 1 })] : [];
  return Buffer.concat([...hello, ...dice.several(30, () => anyFrame(dice))]);
}

function anyFrame(dice: Dice): Buffer {
  const message = dice.chance(4) ? oddMessage(dice) : usualMessage(dice);
  if (!dice.chance(5)) return messageFrame(message);
  const head = Buffer.from(JSON.stringify(message));
  const declared = dice.chance(5) ? dice.below(2 ** 20) : head.length;
  return frame(Buffer.concat([header(declared), head, dice.bytes(dice.below(60))]), 2);
}

const ids = [0, 1, 2, 3, 'a', -1, 0.5];
const patterns = [
  'echo',
  'countdown',
  'endless',
  'large',
  'told',
  'endless event',
  'gather',
  'mirror',
  'nobody',
];

function usualMessage(dice: Dice): object {
  const id = dice.pick(ids);
  const stream = dice.chance(2) ? { stream: true } : {};
  const data = dice.pick<unknown>([1, 'x', null, {}, [3], { deep: { deeper: [] } }, 40]);
  const timeoutMs = dice.chance(3) ? { timeoutMs: dice.below(50) } : {};
  const pattern = dice.pick(patterns);
  return dice.pick<() => object>([
    () => ({ id, pattern, data, ...stream, ...timeoutMs }),
    () => ({ id, pattern, data, ...stream, ...timeoutMs }),
    () => ({ pattern, data }),
    () => ({ id, pattern, data, event: true }),
    () => ({ id, chunk: data, ...(dice.chance(6) ? { more: true } : {}) }),
    () => ({ id, end: true, ...(dice.chance(3) ? { err: data } : {}) }),
    () => ({ type: 'cancel', id, ...stream }),
    () => ({ type: 'credit', id, n: 1 + dice.below(100), ...stream }),
    () => ({ id, response: data, isDisposed: dice.chance(2) }),
    () => ({ id, err: data, isDisposed: true }),
    () => ({ type: dice.pick(['ping', 'pong']), timestamp: dice.below(1e6), received: dice.below(3) }),
    () => ({ type: 'ack', received: dice.below(4) }),
    () => ({ type: 'status' }),
    () => ({ type: 'goaway', reason: 'x', graceMs: dice.below(50) }),
    () => ({
      type: 'hello',
      protocol: 1,
      maxFrameBytes: 1 + dice.below(5_000),
      maxInFlight: 1 + dice.below(5),
      resume: { session: 'unknown', secret: 'unknown', received: dice.below(5) },
    }),
  ])();
}

const members = [
  'id',
  'pattern',
  'data',
  'metadata',
  'timeoutMs',
  'stream',
  'event',
  'response',
  'isDisposed',
];
const more = ['err', 'chunk', 'end', 'more', 'type', 'n', 'received', 'resume', '__proto__', 'constructor'];

function oddMessage(dice: Dice): unknown {
  if (dice.chance(8)) return oddValue(dice);
  const base = dice.chance(2) ? usualMessage(dice) : {};
  const changes = dice.several(4, () => [dice.pick([...members, ...more]), oddValue(dice)]);
  return { ...base, ...(Object.fromEntries(changes) as object) };
}

function oddValue(dice: Dice): unknown {
  const odd = [
    null,
    true,
    false,
    0,
    -1,
    1e308,
    2 ** 53,
    '',
    'x'.repeat(300),
    '\u2028\0',
    [],
    {},
    [[]],
    'ping',
  ];
  return dice.chance(6) ? { toJSON: 1, length: 1e9, a: dice.pick(odd) } : dice.pick<unknown>(odd);
}

function split(dice: Dice, bytes: Buffer): Buffer[] {
  const cuts = dice.chance(3)
    ? []
    : Array.from({ length: dice.below(MAX_PIECES) }, () => dice.below(bytes.length + 1));
  const bounds = [0, ...cuts.sort((a, b) => a - b), bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

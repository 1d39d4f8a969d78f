import type { Balance } from '../options/balance.js';

/** What can take a call. */
export interface Candidate {
  /** Its name, the same for every client. */
  readonly key: string;
  /** Calls under way there, and those that it has just refused for want of room. */
  readonly load: number;
}

/**
 * Picks who gets the next call.
 *
 * @param candidates at least one, in the order in which they are preferred
 * @param key what the call has to stay together with
 */
export type Pick = <Each extends Candidate>(candidates: readonly Each[], key: string) => Each;

/** @param random uniform in [0, 1) */
export function balancer(balance: Balance, random: () => number): Pick {
  switch (balance) {
    case 'power-of-two':
      return powerOfTwo(random);
    case 'round-robin':
      return roundRobin();
    case 'least-loaded':
      return (candidates) => best(candidates, ({ load }) => -load);
    case 'first':
      return (candidates) => at(candidates, 0);
    default:
      // Rendezvous hashing: a server that comes or goes moves only its own keys.
      return (candidates, key) => best(candidates, (candidate) => hash(`${candidate.key} ${key}`));
  }
}

/** Of two picked at random the one that has less to do: nearly as even as asking all, without a rush on one. */
function powerOfTwo(random: () => number): Pick {
  return (candidates) => {
    const count = candidates.length;
    const one = Math.floor(random() * count);
    // Never the same one twice.
    const other = count === 1 ? one : (one + 1 + Math.floor(random() * (count - 1))) % count;
    const first = at(candidates, one);
    const second = at(candidates, other);
    return second.load < first.load ? second : first;
  };
}

function roundRobin(): Pick {
  let turn = 0;
  return (candidates) => {
    turn = (turn + 1) % candidates.length;
    return at(candidates, turn);
  };
}

/** The first of those that score highest. */
function best<Each extends Candidate>(
  candidates: readonly Each[],
  scoreOf: (candidate: Each) => number,
): Each {
  let found = at(candidates, 0);
  let highest = -Infinity;
  for (const candidate of candidates) {
    const score = scoreOf(candidate);
    if (score <= highest) continue;
    found = candidate;
    highest = score;
  }
  return found;
}

/** FNV-1a with a final mix (MurmurHash3's), so that names that differ little are spread evenly. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function at<Each>(candidates: readonly Each[], index: number): Each {
  const candidate = candidates[index];
  if (candidate === undefined) throw new RangeError('there is nothing to pick from');
  return candidate;
}

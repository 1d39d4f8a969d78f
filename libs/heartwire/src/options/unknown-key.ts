import { shownPath } from './shown-value.js';

interface Counterpart {
  /** The option that has it, where there is such a one: a server doesn't reconnect. */
  readonly of: string;
  readonly advice: string;
}

const AS_URL: Counterpart = { of: 'url', advice: 'write host and port as one url' };

/** What Nest's TCP transport calls things, and what to write here instead. */
const TCP_TRANSPORT_NAMES: Readonly<Partial<Record<string, Counterpart>>> = {
  host: AS_URL,
  port: AS_URL,
  retryAttempts: { of: 'reconnect', advice: 'use reconnect.maxAttempts' },
  retryDelay: { of: 'reconnect', advice: 'use reconnect.baseMs' },
  tlsOptions: { of: 'tls', advice: 'use tls, together with a tls:// url' },
  maxBufferSize: { of: 'limits', advice: 'use limits.maxFrameBytes' },
  incompleteMessageTimeout: { of: 'limits', advice: 'use limits.frameTimeoutMs' },
  maxSendBufferSize: { of: 'limits', advice: 'use limits.sendBufferBytes' },
};

/**
 * What to do about a key that is no option.
 *
 * @param known the options of this section
 * @param all the paths of all options
 */
export function adviceFor(
  key: string,
  section: string,
  known: readonly string[],
  all: readonly string[],
): string {
  const nearest = nearestKey(key, known);
  if (nearest !== undefined) return `did you mean ${shownPath(section, nearest)}?`;
  const typed = key.toLowerCase();
  // Where several here end in it (timeoutMs), one elsewhere is no better a guess.
  const endsOneHere = known.some((name) => name.toLowerCase().endsWith(typed));
  const elsewhere = all.find((path) => path.slice(path.lastIndexOf('.') + 1).toLowerCase() === typed);
  if (elsewhere !== undefined && !endsOneHere) return `did you mean ${elsewhere}?`;
  const familiar =
    section === '' && Object.hasOwn(TCP_TRANSPORT_NAMES, key) ? TCP_TRANSPORT_NAMES[key] : undefined;
  if (familiar !== undefined && known.includes(familiar.of)) return familiar.advice;
  return `leave it out, or use one of ${known.join(', ')}`;
}

/** The key that was probably meant: a slip of a few letters, or the name without its unit. */
function nearestKey(key: string, known: readonly string[]): string | undefined {
  const typed = key.toLowerCase();
  let nearest: string | undefined;
  let least = Infinity;
  for (const name of known) {
    const lower = name.toLowerCase();
    const isStart = typed.length >= 4 && lower.startsWith(typed);
    const distance = isStart ? 1 : editDistance(typed, lower);
    if (distance < least && distance <= name.length / 3) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

/** Levenshtein's distance, up to a bound on what is compared: a key can be of any length. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > to.length) return Infinity;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? Infinity;
}

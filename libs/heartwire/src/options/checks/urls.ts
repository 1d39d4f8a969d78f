import type { ValidationArguments } from 'class-validator';

import { formatAddress } from '../address.js';
import { shownUrl, shownValue } from '../shown-value.js';
import { type Side, readUrl } from '../url.js';
import { Check } from './check.js';

const EXAMPLES: Readonly<Record<Side, string>> = {
  server: 'tcp://0.0.0.0:4001',
  client: 'tcp://orders:4001',
};

/** The one url, unless there are `urls`, or a server is attached to another. */
export function ExactlyOneUrl(side: Side): PropertyDecorator {
  return Check('exactlyOneUrl', (url, { object }: ValidationArguments) => {
    const { urls, attach } = object as { urls?: unknown; attach?: unknown };
    const hasUrls = urls !== undefined;
    if (url === undefined) {
      return hasUrls || attach !== undefined
        ? undefined
        : `must be given: there is neither url nor urls; give one such as "${EXAMPLES[side]}"`;
    }
    if (hasUrls) return `must not be given beside urls: it is ${shownUrl(url)}; keep only one of the two`;
    return faultOf(url, side);
  });
}

/** Several different urls. May be left out. */
export function Urls(side: Side): PropertyDecorator {
  return Check('urls', (urls) => {
    if (urls === undefined) return undefined;
    if (!Array.isArray(urls) || urls.length === 0) {
      const it = Array.isArray(urls) ? 'it is empty' : `it is ${shownValue(urls)}`;
      return `must be an array of at least one url: ${it}; give one such as ["${EXAMPLES[side]}"]`;
    }
    const faults = elementFaults(urls, side);
    return faults.length === 0 ? undefined : faults.join('\n');
  });
}

function elementFaults(urls: readonly unknown[], side: Side): string[] {
  const faults: string[] = [];
  const firstAt = new Map<string, number>();
  // By index: a hole in the array is a fault too.
  for (let index = 0; index < urls.length; index += 1) {
    const url = urls[index];
    const fault = faultOf(url, side) ?? repeated(url, index, side, firstAt);
    if (fault !== undefined) faults.push(`[${String(index)}] ${fault}`);
  }
  return faults;
}

function faultOf(url: unknown, side: Side): string | undefined {
  const read = readUrl(url, side);
  return read.kind === 'fault' ? `${read.problem}: it is ${shownUrl(url)}; ${read.remedy}` : undefined;
}

function repeated(url: unknown, index: number, side: Side, firstAt: Map<string, number>): string | undefined {
  const read = readUrl(url, side);
  // Port 0 is a different port each time.
  if (read.kind === 'fault' || ('port' in read && read.port === 0)) return undefined;
  const address = formatAddress(read);
  const first = firstAt.get(address);
  if (first === undefined) {
    firstAt.set(address, index);
    return undefined;
  }
  return `must differ from urls[${String(first)}]: it is ${shownUrl(url)} again; leave it out`;
}

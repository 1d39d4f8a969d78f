import type { Address, Target } from './address.js';
import { ClientOptions, type ResolvedClientOptions } from './client-options.js';
import type { ConnectionLimits } from './limits.js';
import { readOptions } from './read-options.js';
import { type ResolvedServerOptions, ServerOptions } from './server-options.js';
import { parseUrl } from './url.js';

const MEBIBYTE = 1_024 ** 2;

/**
 * Checks a server's options and fills them in.
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function resolveServerOptions(input: unknown): ResolvedServerOptions {
  const { url, urls, limits, heartbeat, ...rest } = readOptions(
    ServerOptions,
    spelledOut(input),
    'HeartwireServer',
  );
  return Object.freeze({
    ...rest,
    addresses: parsed<Address>(url, urls, (each) => parseUrl(each)),
    heartbeat: frozen(heartbeat, {}),
    limits: frozen(limits, {
      sendBufferBytes: limits.sendBufferBytes ?? roomFor(limits, 16 * MEBIBYTE),
      deliveryLogBytes: limits.deliveryLogBytes ?? roomFor(limits, 16 * MEBIBYTE),
      waitingEventBytes: limits.waitingEventBytes ?? roomFor(limits, 64 * MEBIBYTE),
    }),
  });
}

/**
 * Checks a client's options and fills them in.
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function resolveClientOptions(input: unknown): ResolvedClientOptions {
  const { url, urls, limits, heartbeat, reconnect, ...rest } = readOptions(
    ClientOptions,
    spelledOut(input),
    'HeartwireClient',
  );
  return Object.freeze({
    ...rest,
    targets: parsed<Target>(url, urls, (each) => parseUrl(each, 'client')),
    heartbeat: frozen(heartbeat, {}),
    reconnect: frozen(reconnect, {}),
    limits: frozen(limits, {
      sendBufferBytes: limits.sendBufferBytes ?? roomFor(limits, 16 * MEBIBYTE),
      deliveryLogBytes: limits.deliveryLogBytes ?? roomFor(limits, 16 * MEBIBYTE),
      waitingBytes: limits.waitingBytes ?? roomFor(limits, 64 * MEBIBYTE),
    }),
  });
}

/** `heartbeat: 'adaptive'` is short for `{ adaptive: true }`. */
function spelledOut(input: unknown): unknown {
  const isShort =
    typeof input === 'object' && input !== null && 'heartbeat' in input && input.heartbeat === 'adaptive';
  return isShort ? { ...input, heartbeat: { adaptive: true } } : input;
}

function parsed<Parsed>(
  url: string | undefined,
  urls: readonly string[] | undefined,
  parse: (url: string) => Parsed,
): readonly Parsed[] {
  const all = urls ?? (url === undefined ? [] : [url]);
  return Object.freeze(all.map((each) => Object.freeze(parse(each))));
}

/** A buffer that could not hold some frames would end connections for messages that are within the limit. */
function roomFor({ maxFrameBytes }: ConnectionLimits, usualBytes: number): number {
  return Math.max(usualBytes, 4 * maxFrameBytes);
}

/** A plain copy with some members filled in. */
function frozen<Section extends object, Filled extends object>(
  section: Section,
  filled: Filled,
): Readonly<Section & Filled> {
  return Object.freeze({ ...section, ...filled });
}

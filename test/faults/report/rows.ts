import { quickThenSilent, slowFromTheStart } from '../scenarios/adaptive.js';
import { blackHole } from '../scenarios/black-hole.js';
import { blockedServer, unableClient, type Uneasy } from '../scenarios/busy.js';
import { saturated, slowReader } from '../scenarios/crowds.js';
import { cutAfterBytes, cutAgainAndAgain } from '../scenarios/cuts.js';
import { absentServer, killedAgainAndAgain, manyClients, rollingRestart } from '../scenarios/restarts.js';
import { frozenClient, frozenServer, swallowed } from '../scenarios/silence.js';
import { soak } from '../scenarios/soak.js';
import type { Arena } from '../support/arena.js';
import { HEARTBEAT, type Settings } from '../support/contestants.js';
import type { Network } from '../support/network.js';
import * as words from './words.js';

/** One fault of the report. */
export interface Row {
  readonly fault: string;
  readonly promise: string;
  /** The spec that holds the promise, and the name of its test. */
  readonly spec: string;
  readonly settings?: Settings;
  readonly patienceMs?: number;
  readonly run: (arena: Arena) => Promise<string>;
}

const BOUND = `within interval + timeout + one ping (${HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs} ms + 100 ms here)`;
const KNOWS = `both ends know ${BOUND}; no call lost or doubled`;
const NOTHING_LOST = 'no call lost, none runs twice';
const MIB = 2 ** 20;

const silence: readonly Row[] = [
  {
    fault: 'Frozen server (SIGSTOP)',
    promise: `the client knows ${BOUND}; the call ends by its deadline (4 s); later ones are answered`,
    spec: 'silence',
    run: async (arena) => {
      const { noticedMs, call, after } = await frozenServer(arena);
      return `known ${words.after(noticedMs, arena.patienceMs)}; call under way ${words.call(call)}; once it thaws: ${words.call(after)}`;
    },
  },
  {
    fault: 'Frozen client (SIGSTOP)',
    promise: `the server knows ${BOUND}; the client gets its answer when it thaws`,
    spec: 'silence',
    run: async (arena) => {
      const { noticedMs, call } = await frozenClient(arena);
      return `known ${words.after(noticedMs, arena.patienceMs)}; call ${call.how}`;
    },
  },
  ...(['upstream', 'downstream', 'both'] as const).flatMap((direction) =>
    (['idle', 'bulk'] as const).map((traffic) => ({
      fault: `Traffic swallowed ${direction === 'both' ? 'both ways' : direction}, ${traffic === 'idle' ? 'idle' : 'under bulk writes'}`,
      promise: KNOWS,
      spec: 'silence',
      run: async (arena: Arena): Promise<string> => {
        const { noticed, load, repeatedRuns } = await swallowed(arena, direction, traffic);
        const known = words.noticed(noticed, arena.patienceMs);
        return `${known}; ${words.load(load)}; ${words.doubles(repeatedRuns)}`;
      },
    })),
  ),
];

const cuts: readonly Row[] = [
  {
    fault: 'Reset before, inside and after a frame',
    promise: NOTHING_LOST,
    spec: 'cuts',
    run: async (arena) =>
      words.cuts(
        await cutAfterBytes(arena, 'upstream', 'reset', ({ request }) => [0, 1, request >> 1, request]),
      ),
  },
  ...(['upstream', 'downstream'] as const).map((direction) => ({
    fault: `Cut after each byte of ${direction === 'upstream' ? 'a request' : 'its answer'}`,
    promise: NOTHING_LOST,
    spec: 'cuts',
    patienceMs: 2_000,
    run: async (arena: Arena): Promise<string> =>
      words.cuts(
        await cutAfterBytes(arena, direction, 'reset', ({ request, answer }) =>
          Array((direction === 'upstream' ? request : answer) + 1).keys(),
        ),
      ),
  })),
  {
    fault: 'Link cut every 100 to 300 ms for 60 s, 64 calls in flight that must not run twice',
    promise: NOTHING_LOST,
    spec: 'cuts',
    run: async (arena) => {
      const times = 300;
      const { load, repeatedRuns } = await cutAgainAndAgain(arena, times);
      return `${words.count(times)} cuts: ${words.load(load)}; ${words.doubles(repeatedRuns)}`;
    },
  },
];

/** As a user has them who sets nothing. */
const DEFAULTS: Settings = {
  client: { heartbeat: { intervalMs: 5_000, timeoutMs: 10_000 }, reconnect: {}, callTimeoutMs: 20_000 },
  server: { heartbeat: { intervalMs: 5_000, timeoutMs: 10_000 } },
};

const restarts: readonly Row[] = [
  {
    fault: 'Server killed (SIGKILL) and restarted 50 times, 16 calls in flight',
    promise: 'no call hangs, none runs twice, `sent` is always true',
    spec: 'restarts',
    run: async (arena) => {
      const { load, repeatedRuns, falseNever } = await killedAgainAndAgain(arena, 50);
      const truth = arena.contestant.name === 'Heartwire' ? `; \`sent\` wrong ${falseNever} times` : '';
      return `${words.load(load)}; ${words.doubles(repeatedRuns)}${truth}`;
    },
  },
  {
    fault: 'Rolling restart of 3 replicas, 32 calls in flight',
    promise: 'no call fails',
    spec: 'rolling-restart',
    run: async (arena) => {
      const { load, repeatedRuns } = await rollingRestart(arena);
      return `${words.load(load)}; ${words.doubles(repeatedRuns)}`;
    },
  },
  {
    fault: '1,000 idle clients, server killed and restarted',
    promise: 'all come back by themselves, spread over their jitter',
    spec: 'restarts',
    settings: DEFAULTS,
    patienceMs: 10_000,
    run: async (arena) => {
      const { backMs, peakPer10Ms, spreadMs } = await manyClients(arena, 1_000);
      if (backMs === undefined) return `all back ${words.after(backMs, arena.patienceMs)}`;
      return `all back after ${words.duration(backMs)}, over ${words.duration(spreadMs)}, at most ${peakPer10Ms} in 10 ms`;
    },
  },
  {
    fault: 'Call made 500 ms before there is a server',
    promise: 'it waits, within its deadline',
    spec: 'restarts',
    run: async (arena) => words.call(await absentServer(arena, 500)),
  },
];

const crowds: readonly Row[] = [
  {
    fault: 'A client that reads slowly what it asks for in bulk, beside 4 others',
    promise: "the neighbours' 99th percentile at most doubles",
    spec: 'crowds',
    settings: { client: { callTimeoutMs: 5_000 } },
    run: async (arena) => {
      const { calmP99Ms, besideP99Ms, failed } = await slowReader(arena, 5_000);
      return `${calmP99Ms.toFixed(2)} ms before, ${besideP99Ms.toFixed(2)} ms beside it; ${failed} calls failed`;
    },
  },
  ...(
    [
      [10_000, 1_024, '10,000 calls of 1 KB'],
      [1_000, 65_536, '1,000 calls of 64 KB'],
      [64, MIB, '64 calls of 1 MB'],
    ] as const
  ).map(([calls, bytes, name]) => ({
    fault: `${name} at once, both ways`,
    promise: 'all complete',
    spec: 'crowds',
    patienceMs: 20_000,
    settings: {
      client: { ...DEFAULTS.client, limits: { waitingBytes: 256 * MIB } },
      server: { ...DEFAULTS.server, limits: { sendBufferBytes: 128 * MIB } },
    },
    run: async (arena: Arena): Promise<string> => {
      const { answered, failed, ms } = await saturated(arena, calls, bytes);
      if (ms !== undefined) return `all answered in ${words.duration(ms)}`;
      return `**${words.count(answered)} of ${words.count(calls)} answered within ${words.duration(arena.patienceMs)}**, ${words.count(failed)} not`;
    },
  })),
];

function uneasy({ load, verdicts, repeatedRuns }: Uneasy, { contestant: { name } }: Arena): string {
  const verdict = verdicts.includes('dead') ? '**a false verdict**' : 'no verdict';
  const own = name === 'Heartwire' ? `${verdict} of its own; ` : '';
  return `${own}${words.load(load)}; ${words.doubles(repeatedRuns)}`;
}

const alarms: readonly Row[] = [
  ...[1, 2, 5].map((times) => ({
    fault: `Client's own event loop blocked for ${times}× the timeout`,
    promise: `no verdict of its own; ${NOTHING_LOST}`,
    spec: 'busy',
    settings: { client: { callTimeoutMs: 10_000 } },
    run: async (arena: Arena): Promise<string> =>
      uneasy(await unableClient(arena, 'blocked', times * HEARTBEAT.timeoutMs), arena),
  })),
  {
    fault: 'Client suspended for twice the bound, then woken',
    promise: `no verdict of its own; ${NOTHING_LOST}`,
    spec: 'busy',
    settings: { client: { callTimeoutMs: 10_000 } },
    run: async (arena) =>
      uneasy(await unableClient(arena, 'suspended', 2 * (HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs)), arena),
  },
  {
    fault: "Server's event loop blocked for 0.8× the timeout",
    promise: 'the connection stays',
    spec: 'busy',
    run: async (arena) => {
      const { load, isSameSocket } = await blockedServer(arena, 0.8 * HEARTBEAT.timeoutMs);
      return `${isSameSocket ? 'same connection' : '**another connection**'}; ${words.load(load)}`;
    },
  },
];

/** Up to the defaults, as the round trips ask for it; the answers alone count. */
const ADAPTIVE: Settings = {
  client: { heartbeat: { intervalMs: 5_000, timeoutMs: 10_000, adaptive: true, countTraffic: false } },
  server: { heartbeat: { intervalMs: 5_000, timeoutMs: 10_000 } },
};

const adaptive: readonly Row[] = [
  {
    fault: 'Adaptive watch: each way takes 700 ms, from the start',
    promise: 'nobody is given up',
    spec: 'adaptive',
    settings: ADAPTIVE,
    run: async (arena) => {
      const { verdicts, isSameSocket } = await slowFromTheStart(arena, 700, 10_000);
      const verdict = verdicts.includes('dead') ? '**given up**' : 'no verdict';
      return `${arena.contestant.name === 'Heartwire' ? `${verdict}, ` : ''}${isSameSocket ? 'same connection' : '**another connection**'} after ${words.duration(10_000)}`;
    },
  },
  {
    fault: 'Adaptive watch: a quick network that passes nothing any more',
    promise: 'the client knows well before the timeout of 10 s',
    spec: 'adaptive',
    settings: ADAPTIVE,
    patienceMs: 15_000,
    run: async (arena) =>
      `client knows ${words.after(await quickThenSilent(arena, ({ timeoutMs }) => timeoutMs <= 2_000), arena.patienceMs)}`,
  },
];

const SOAK_S = 60;

const endurance: readonly Row[] = [
  {
    fault: `Soak of ${SOAK_S} s (an hour: \`npm run soak\`): calls, streams, cancels, events, clients that come and go, links that break`,
    promise: 'memory, handles and timers flat, no call fails',
    spec: 'soak',
    run: async (arena) => words.flatness(await soak(arena, SOAK_S, 12, () => undefined)),
  },
];

/** True black holes: packets vanish between two network namespaces. */
export function holeRows(network: Network): readonly Row[] {
  return (['upstream', 'downstream', 'both', 'link down'] as const).map((hole) => ({
    fault: `Packets vanish: ${hole === 'link down' ? hole : `dropped ${hole === 'both' ? 'both ways' : hole}`}, under bulk writes`,
    promise: KNOWS,
    spec: 'black-hole',
    settings: { client: { connectTimeoutMs: 500, callTimeoutMs: 10_000 } },
    patienceMs: 12_000,
    run: async (arena) => {
      const { noticed, load, repeatedRuns } = await blackHole(arena, network, hole, 'bulk');
      const known = words.noticed(noticed, arena.patienceMs);
      return `${known}; ${words.load(load)}; ${words.doubles(repeatedRuns)}`;
    },
  }));
}

export const rows: readonly Row[] = [
  ...silence,
  ...alarms,
  ...adaptive,
  ...cuts,
  ...restarts,
  ...crowds,
  ...endurance,
];

// `npm run soak`: an hour; `npm run soak -- 60`: so many seconds. Fails where memory, handles or timers grow.
import { growth, type Holdings, soak } from './scenarios/soak.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';

const HOUR_S = 3_600;
const ROUND_S = 60;
const MIN_ROUNDS = 12;

const seconds = Number(process.argv[2] ?? HOUR_S);
if (!(seconds > 0)) throw new TypeError(`the length must be a number of seconds, not ${process.argv[2]}`);
const rounds = Math.max(Math.round(seconds / ROUND_S), MIN_ROUNDS);

const say = (line: string): unknown => process.stdout.write(`${line}\n`);
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function tell({ residentBytes, heapBytes, resources, answered, failed }: Holdings): void {
  const kinds = Object.entries(resources).map(([kind, count]) => `${kind} ${count}`);
  say(
    `${megabytes(residentBytes)} MiB resident, ${megabytes(heapBytes)} MiB heap; ${kinds.join(', ')}; ` +
      `${answered} calls answered, ${failed} failed`,
  );
}

const arena = new Arena(heartwire(), 20_000);
say(`${seconds} s in ${rounds} rounds; after each:`);
const all = await soak(arena, seconds, rounds, tell);
await arena.clear();

const faults = growth(all);
const failed = all.reduce((sum, round) => sum + round.failed, 0);
if (failed > 0) faults.push(`${failed} calls failed`);
say(faults.length === 0 ? 'flat' : `NOT FLAT: ${faults.join('; ')}`);
process.exit(faults.length === 0 ? 0 : 1);

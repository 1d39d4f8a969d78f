import { parseArgs } from 'node:util';

import { bursts, contestants, idle, loads, overload, push, resumption, slowPeers, upload } from './cases.mjs';

const names = [...loads, ...bursts, idle, resumption, upload, overload, slowPeers, push].map(
  ({ name }) => name,
);

const usage = `npm run bench -- [options]

  --rounds N           rounds that count, 5 or more for a result to keep (default 5)
  --warmups N          rounds of warming up before each (default 1)
  --seconds N          length of a round (default 1.5)
  --only a,b           some cases only: ${names.join(', ')}
  --contestants a,b    some contestants only: ${contestants.join(', ')}

A run of everything writes bench/RESULTS.md; one of a part prints only.
`;

function chosen(flag, text, known) {
  if (text === undefined) return known;
  const list = text.split(',');
  const unknown = list.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--${flag}: ${unknown} is none of ${known.join(', ')}`);
  return known.filter((name) => list.includes(name));
}

function number(flag, text, least) {
  const value = Number(text);
  if (!(value >= least)) throw new Error(`--${flag} must be a number of at least ${least}, not ${text}`);
  return value;
}

/** What this run is to measure; `undefined` when only the usage was asked for. */
export function readSettings() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      warmups: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '1.5' },
      only: { type: 'string' },
      contestants: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  return {
    rounds: number('rounds', values.rounds, 1),
    warmups: number('warmups', values.warmups, 0),
    seconds: number('seconds', values.seconds, 0.1),
    cases: chosen('only', values.only, names),
    contestants: chosen('contestants', values.contestants, contestants),
    isWhole: values.only === undefined && values.contestants === undefined,
  };
}

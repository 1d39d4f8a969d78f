// Heartwire beside Nest's TCP transport and beside bare frames, in one run. README.md says how.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bursts, idle, loads, overload, push, resumption, slowPeers, upload } from './cases.mjs';
import { describeMachine, findPinning } from './machine.mjs';
import { measureBurst } from './measure-burst.mjs';
import { measureIdle } from './measure-idle.mjs';
import { measureLoad } from './measure-load.mjs';
import { measureOverload } from './measure-overload.mjs';
import { measurePush } from './measure-push.mjs';
import { measureSlowPeers } from './measure-slow-peers.mjs';
import { measureUpload } from './measure-upload.mjs';
import { report } from './report.mjs';
import { readSettings } from './settings.mjs';

const settings = readSettings();
if (settings !== undefined) await run(settings);

async function run({ cases, contestants, isWhole, ...rounds }) {
  const pinning = findPinning();
  const results = {
    machine: describeMachine(pinning),
    settings: rounds,
    contestants,
    loads: [],
    bursts: [],
    idle: undefined,
    resumption: undefined,
    upload: undefined,
    overload: undefined,
    slowPeers: undefined,
    push: undefined,
  };
  const isChosen = ({ name }) => cases.includes(name);
  const begin = ({ name }) => console.error(`measuring ${name}`);

  for (const load of loads.filter(isChosen)) {
    begin(load);
    results.loads.push({ load, rates: await measureLoad(load, contestants, rounds, pinning) });
  }
  for (const burst of bursts.filter(isChosen)) {
    begin(burst);
    results.bursts.push({ burst, outcomes: await measureBurst(burst, contestants, pinning) });
  }
  if (isChosen(idle)) {
    begin(idle);
    results.idle = { idle, costs: await measureIdle(idle, contestants, pinning) };
  }
  if (isChosen(overload)) {
    begin(overload);
    results.overload = { overload, outcomes: await measureOverload(overload, rounds, pinning) };
  }
  if (isChosen(slowPeers)) {
    begin(slowPeers);
    results.slowPeers = { slowPeers, outcome: await measureSlowPeers(slowPeers, rounds, pinning) };
  }

  if (isChosen(resumption)) {
    begin(resumption);
    const rates = await measureLoad(resumption, ['heartwire', 'forgetful'], rounds, pinning);
    results.resumption = { resumption, rates };
  }
  if (isChosen(upload)) {
    begin(upload);
    results.upload = { upload, measured: await measureUpload(upload, pinning) };
  }
  if (isChosen(push)) {
    begin(push);
    results.push = { push, measured: await measurePush(push, rounds, pinning) };
  }

  const text = report(results);
  console.log(text);
  if (isWhole) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text);
}

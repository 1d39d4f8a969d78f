// Turns what was measured into Markdown.

import { titles } from './cases.mjs';
import { ratios, summary } from './statistics.mjs';

const KB = 1_024;
const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

const size = (bytes) => (bytes < KB ? `${bytes} B` : `${bytes / KB} KB`);
const spread = ({ median, min, max }, format) => `${format(median)} (${format(min)} to ${format(max)})`;
const verdict = (isMet) => (isMet ? 'met' : '**not met**');
const times = (ratio) => ratio.toFixed(2);
const kilobytes = (bytes) => (bytes / KB).toFixed(1);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const loadTitle = ({ inFlight, bytes, isRecords = false }) =>
  `${inFlight} in flight, ${size(bytes)}${isRecords ? ' of records' : ''}`;

function ratioCell(rates, ours, theirs, target) {
  if (rates[ours] === undefined || rates[theirs] === undefined) return '–';
  const ratio = summary(ratios(rates[ours], rates[theirs]));
  const text = spread(ratio, times);
  return target === undefined ? text : `${text}; at least ${target}: ${verdict(ratio.median >= target)}`;
}

function loadsReport(results, contestants, { rounds, warmups, seconds }) {
  return [
    '## Calls per second',
    `Medians of ${rounds} rounds of ${seconds} s in short turns (lowest to highest), each with a fresh pair of processes that was warmed up for ${warmups * seconds} s.`,
    table(
      ['', ...contestants.map((name) => titles[name])],
      results.map(({ load, rates }) => [
        loadTitle(load),
        ...contestants.map((name) => spread(summary(rates[name]), (rate) => count.format(rate))),
      ]),
    ),
    '## Ratios',
    'Medians of the ratios within each round (lowest to highest), and what is to be reached.',
    table(
      ['', 'Heartwire to Nest TCP', 'Heartwire to bare', 'bare to Nest TCP'],
      results.map(({ load, rates }) => [
        loadTitle(load),
        ratioCell(rates, 'heartwire', 'nest', load.targets.nest),
        ratioCell(rates, 'heartwire', 'bare', load.targets.bare),
        ratioCell(rates, 'bare', 'nest'),
      ]),
    ),
  ];
}

function outcomeCell({ calls }, outcomes) {
  const runs = outcomes.map(({ completed, ms, firstError }) => {
    if (completed === calls) return `all in ${(ms / 1_000).toFixed(2)} s`;
    const reason = firstError === undefined ? '' : `, first error: ${firstError.replaceAll('|', '/')}`;
    return `${count.format(completed)} in ${(ms / 1_000).toFixed(0)} s${reason}`;
  });
  return runs.join('; ');
}

function burstsReport(results, contestants) {
  return [
    '## Many calls at once',
    'On one connection, a fresh pair of processes each time. To reach: all complete within 20 s, in each run.',
    table(
      ['', ...contestants.map((name) => titles[name]), 'Heartwire: all complete'],
      results.map(({ burst, outcomes }) => [
        `${count.format(burst.calls)} calls of ${size(burst.bytes)}`,
        ...contestants.map((name) => outcomeCell(burst, outcomes[name])),
        outcomes.heartwire === undefined
          ? '–'
          : verdict(outcomes.heartwire.every(({ completed }) => completed === burst.calls)),
      ]),
    ),
  ];
}

function idleReport({ idle, costs }, contestants) {
  const connections = count.format(idle.connections);
  const residentCell = (name, values) => {
    const cost = summary(values);
    const text = spread(cost, kilobytes);
    return name === 'heartwire' ? `${text}: ${verdict(cost.median <= idle.maxBytesEach)}` : text;
  };
  return [
    '## Idle connections',
    `What each connection adds to the server's process, in KB: medians of ${idle.repeats} runs (lowest to ` +
      "highest), a fresh pair of processes each time. Heartwire's have had a heartbeat each; the others have " +
      "none. V8's young generation, where it keeps new objects, is told apart: its size is V8's choice, 1 to 32 MiB " +
      'for the whole process, and it may grow or shrink between any two readings. The first ' +
      `${connections} also use room that the start has left free; the next show what a connection costs. ` +
      `To reach: at most ${idle.maxBytesEach / KB} KB resident.`,
    table(
      [
        '',
        `resident, first ${connections}`,
        'young generation, first',
        `resident, next ${connections}`,
        'heap and buffers, next',
      ],
      contestants.map((name) => [
        titles[name],
        residentCell(name, costs[name].first),
        spread(summary(costs[name].young), kilobytes),
        residentCell(name, costs[name].next),
        spread(summary(costs[name].heap), kilobytes),
      ]),
    ),
  ];
}

function resumptionReport({ resumption, rates }) {
  const ratio = summary(ratios(rates.heartwire, rates.forgetful));
  return [
    '## What resumption costs',
    `Calls per second with it, as a share of those with \`resumeWindowMs: 0\`, ${loadTitle(resumption)}: ` +
      `${spread(ratio, times)}; at least ${resumption.least}: ${verdict(ratio.median >= resumption.least)}.`,
  ];
}

function uploadReport({ upload, measured }) {
  const mebibytes = (bytes) => (bytes / KB / KB).toFixed(0);
  const milliseconds = (ms) => ms.toFixed(2);
  const ratio = summary(ratios(measured.heartwire, measured.pipe));
  const memory = (values) => {
    const rise = summary(values);
    return `${spread(rise, mebibytes)}: ${verdict(rise.median <= upload.maxMemory)}`;
  };
  const p99 = (values) => summary(values.map((each) => each.p99));
  const slowdown = summary(measured.beside.map((each, round) => each.p99 / measured.alone[round].p99));
  return [
    '## A stream of bytes',
    `An upload of ${mebibytes(upload.bytes)} MiB in pieces of 64 KiB, beside \`pipe\` into a plain socket. ` +
      `Medians of ${upload.pairs} runs (lowest to highest), a fresh pair of processes each time.`,
    table(
      ['', 'MiB per second'],
      [
        ['Heartwire', spread(summary(measured.heartwire), mebibytes)],
        ['pipe', spread(summary(measured.pipe), mebibytes)],
        [
          `ratio, at least ${upload.least}`,
          `${spread(ratio, times)}: ${verdict(ratio.median >= upload.least)}`,
        ],
      ],
    ),
    table(
      [`resident memory above idle, at most ${mebibytes(upload.maxMemory)} MiB`, 'MiB'],
      [
        ['client', memory(measured.clientMemory)],
        ['server', memory(measured.serverMemory)],
      ],
    ),
    'Small calls on the same connection, one after the other, 99th percentile:',
    table(
      ['', 'ms'],
      [
        ['alone', spread(p99(measured.alone), milliseconds)],
        ['beside uploads at full speed', spread(p99(measured.beside), milliseconds)],
        [
          `ratio, at most ${upload.maxSlowdown}`,
          `${spread(slowdown, times)}: ${verdict(slowdown.median <= upload.maxSlowdown)}`,
        ],
      ],
    ),
  ];
}

function overloadReport({ overload, outcomes }) {
  const { runningCalls, cpuMs, factor, minGoodput } = overload;
  const goodput = summary(outcomes.map(({ peak, served }) => served / peak));
  const figure = (name) =>
    spread(summary(outcomes.map((outcome) => outcome[name])), (value) => count.format(value));
  return [
    '## Overload',
    `A server that runs at most ${runningCalls} calls at once, of ${cpuMs} ms of processor time each, is offered ` +
      `${factor} times the calls that it can serve. Medians of the rounds (lowest to highest), in calls per second.`,
    table(
      ['peak', 'served under overload', 'refused', 'failed otherwise', 'goodput'],
      [
        [
          ...['peak', 'served', 'refused', 'failed'].map(figure),
          `${spread(goodput, times)}; at least ${minGoodput}: ${verdict(goodput.median >= minGoodput)}`,
        ],
      ],
    ),
  ];
}

function slowPeersReport({ slowPeers, outcome }) {
  const { trickling, stopped, deadlineMs, maxBytes, maxP99Ratio } = slowPeers;
  const { idle, held, before, during, goneAfterMs } = outcome;
  const bytes = held.resident - idle.resident;
  const ratio = during.p99 / before.p99;
  const ms = (value) => value.toFixed(2);
  return [
    '## Slow peers',
    `${count.format(trickling)} connections that send a byte now and then and ${count.format(stopped)} that stopped inside ` +
      `a frame, beside a client that makes one call after the other. Their deadlines are ${deadlineMs / 1_000} s.`,
    table(
      [
        'resident above idle',
        "client's p50 and p99 before",
        'p50 and p99 beside them',
        'p99, times',
        'all gone',
      ],
      [
        [
          `${(bytes / KB / KB).toFixed(1)} MiB; at most ${maxBytes / KB / KB}: ${verdict(bytes <= maxBytes)}`,
          `${ms(before.p50)} ms, ${ms(before.p99)} ms`,
          `${ms(during.p50)} ms, ${ms(during.p99)} ms`,
          `${times(ratio)}; at most ${maxP99Ratio}: ${verdict(ratio <= maxP99Ratio)}`,
          goneAfterMs === undefined ? '**not met**' : `after ${(goneAfterMs / 1_000).toFixed(1)} s`,
        ],
      ],
    ),
  ];
}

function pushReport({ push, measured: { rates, crowds } }) {
  const toSocketIo = (name) =>
    push.atOnce.map((_, index) => summary(ratios(rates[name][index], rates.socketio[index])));
  const ratio = toSocketIo('heartwire');
  const seconds = (ms) => (ms / 1_000).toFixed(2);
  return [
    '## Pushes',
    `A broadcast of ${size(push.bytes)} to ${count.format(push.connections)} connections, one after the other, and several within one tick; and ` +
      `${count.format(push.crowd)} connections, that are opened, hear a broadcast and are idle. socket.io with its own ` +
      'client, over WebSocket alone; Heartwire and bare over TCP.',
    table(
      [
        '',
        ...push.atOnce.map((atOnce) => `deliveries per second, ${atOnce} at once`),
        `${count.format(push.crowd)}: connected in, s`,
        'broadcast in, ms',
        'resident each, KB',
      ],
      push.contestants.map((name) => [
        titles[name],
        ...rates[name].map((each) => spread(summary(each), (rate) => count.format(rate))),
        seconds(crowds[name].connectMs),
        count.format(crowds[name].broadcastMs),
        kilobytes(crowds[name].bytesEach),
      ]),
    ),
    `Deliveries, Heartwire to socket.io: ${ratio.map((each) => spread(each, times)).join(' and ')}; at least ` +
      `${push.least}: ${ratio.map(({ median }) => verdict(median >= push.least)).join(' and ')}. ` +
      `bare to socket.io: ${toSocketIo('bare')
        .map((each) => spread(each, times))
        .join(' and ')}.`,
  ];
}

export function report(results) {
  const {
    machine,
    loads,
    bursts,
    idle,
    resumption,
    upload,
    overload,
    slowPeers,
    push,
    contestants,
    settings,
  } = results;
  const parts = [
    '# Results',
    'Written by `npm run bench`; [README.md](README.md) says what is measured and how.',
    Object.entries(machine)
      .map(([name, value]) => `- ${name}: ${value}`)
      .join('\n'),
  ];
  if (loads.length > 0) parts.push(...loadsReport(loads, contestants, settings));
  if (bursts.length > 0) parts.push(...burstsReport(bursts, contestants));
  if (idle !== undefined) parts.push(...idleReport(idle, contestants));
  if (resumption !== undefined) parts.push(...resumptionReport(resumption));
  if (upload !== undefined) parts.push(...uploadReport(upload));
  if (overload !== undefined) parts.push(...overloadReport(overload));
  if (slowPeers !== undefined) parts.push(...slowPeersReport(slowPeers));
  if (push !== undefined) parts.push(...pushReport(push));
  return `${parts.join('\n\n')}\n`;
}

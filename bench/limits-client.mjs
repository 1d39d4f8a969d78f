// Clients of a server that is overloaded, or beset by slow peers.

import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { answer } from './child.mjs';
import { percentiles } from './statistics.mjs';

Logger.overrideLogger(['error']);

const clients = [];

async function connect({ url, connections }) {
  while (clients.length < connections) {
    const client = new HeartwireClient({ url });
    await client.connect();
    clients.push(client);
  }
}

const call = (n, pattern, data) => firstValueFrom(clients[n % clients.length].send(pattern, data));

/** `inFlight` calls are always under way. Returns how many a second were served. */
async function saturate({ inFlight, cpuMs, seconds }) {
  const begunAt = performance.now();
  const endsAt = begunAt + seconds * 1_000;
  let served = 0;
  const loop = async (n) => {
    while (performance.now() < endsAt) {
      await call(n, 'work', { cpuMs });
      served++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, n) => loop(n)));
  return (served * 1_000) / (performance.now() - begunAt);
}

/** Makes `rate` calls a second, whatever becomes of them. Returns how many a second were served, refused or failed. */
async function offer({ rate, cpuMs, seconds }) {
  const counts = { served: 0, refused: 0, failed: 0 };
  const begunAt = performance.now();
  const settled = [];
  const make = async (n) => {
    try {
      await call(n, 'work', { cpuMs });
      counts.served++;
    } catch ({ code }) {
      if (code === 'OVERLOADED') counts.refused++;
      else counts.failed++;
    }
  };
  for (let made = 0; performance.now() - begunAt < seconds * 1_000; await delay(1)) {
    const due = ((performance.now() - begunAt) / 1_000) * rate;
    for (; made < due; made++) settled.push(make(made));
  }
  const lastedMs = performance.now() - begunAt;
  // What is settled after the end counts for nothing: the server had that time for it besides.
  const inTime = { ...counts };
  await Promise.all(settled);
  return Object.fromEntries(
    Object.entries(inTime).map(([name, value]) => [name, (value * 1_000) / lastedMs]),
  );
}

/** One call after the other. Returns how long they took, in ms. */
async function latency({ seconds }) {
  const times = [];
  for (const endsAt = performance.now() + seconds * 1_000; performance.now() < endsAt;) {
    const begunAt = performance.now();
    await call(0, 'echo', { n: times.length });
    times.push(performance.now() - begunAt);
  }
  return percentiles(times);
}

answer({ connect, saturate, offer, latency });

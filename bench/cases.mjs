// What is measured, and what is to be reached. KB is 1,024 bytes.

/** Calls per second. Targets are ratios of Heartwire to the other contestant. */
export const loads = [
  { name: '1x50B', inFlight: 1, bytes: 50, targets: { nest: 1.15, bare: 0.9 } },
  { name: '64x50B', inFlight: 64, bytes: 50, targets: { nest: 2.5, bare: 0.85 } },
  { name: '512x50B', inFlight: 512, bytes: 50, targets: { nest: 3.5, bare: 0.85 } },
  { name: '64x1KB', inFlight: 64, bytes: 1_024, targets: {} },
  { name: '64x20KB', inFlight: 64, bytes: 20_480, targets: { nest: 1.3, bare: 0.9 } },
  { name: '64x20KB-records', inFlight: 64, bytes: 20_480, isRecords: true, targets: {} },
];

/** Calls that are all made at once on one connection. To reach: all of them complete in time. */
export const bursts = [
  { name: '10000x1KB-at-once', calls: 10_000, bytes: 1_024, seconds: 20, repeats: 3 },
  { name: '64x256KB-at-once', calls: 64, bytes: 262_144, seconds: 20, repeats: 3 },
];

/** Connections without calls. To reach: at most so much resident memory each, on the server. */
export const idle = { name: 'idle-connections', connections: 1_000, maxBytesEach: 12 * 1_024, repeats: 5 };

/** What resumption costs: calls per second with it, as a share of those without. */
export const resumption = { name: 'resumption', inFlight: 64, bytes: 50, least: 0.95 };

/** A stream of bytes, beside `net` and `pipe`; and small calls on the connection that carries it. */
export const upload = {
  name: 'upload',
  bytes: 1_024 ** 3,
  seconds: 2,
  /** Fresh pairs of processes, one after the other: `--rounds` says nothing here. */
  pairs: 9,
  least: 0.75,
  maxMemory: 64 * 1_024 ** 2,
  maxSlowdown: 3,
};

/**
 * Heartwire alone: a server that may run `runningCalls` at once, each taking `cpuMs` of the processor, is offered
 * `factor` times what it can do. To reach: it does at least `minGoodput` of what it does without that.
 */
export const overload = { name: 'overload', runningCalls: 64, cpuMs: 0.5, factor: 3, minGoodput: 0.9 };

/**
 * Heartwire alone: `trickling` connections that send a byte now and then, and `stopped` ones that stop inside a frame.
 * To reach: so much resident memory at most, the p99 of a client beside them at most so many times as long, all gone by
 * their deadlines.
 */
export const slowPeers = {
  name: 'slow-peers',
  trickling: 1_000,
  stopped: 1_000,
  deadlineMs: 15_000,
  maxBytes: 64 * 1_024 ** 2,
  maxP99Ratio: 2,
};

/**
 * A broadcast of `bytes` to `connections` clients, beside socket.io's own server and client over WebSocket alone, and beside
 * bare; and what `crowd` connections cost. To reach: so many times the deliveries a second.
 */
export const push = {
  name: 'push',
  bytes: 200,
  connections: 1_000,
  /** Broadcasts of one tick. */
  atOnce: [1, 10],
  crowd: 10_000,
  contestants: ['heartwire', 'socketio', 'bare'],
  least: 3,
};

export const contestants = ['nest', 'heartwire', 'bare'];

/** What the tables call them. */
export const titles = { nest: 'Nest TCP', heartwire: 'Heartwire', bare: 'bare', socketio: 'socket.io' };

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { frame } from '../../../../test/support/raw-peer.js';
import { until } from '../../../../test/support/until.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';
import { monotonicClock } from '../timing/clock.js';
import type { LinkReceiver } from './link.js';
import { nodeFrameEncoder } from './node-runtime.js';
import { SocketLink } from './socket-link.js';

const SETTINGS = { maxFrameBytes: 4_194_304, frameTimeoutMs: 30_000 };

/** Notes what a link tells. */
class Notes implements LinkReceiver {
  readonly texts: string[] = [];
  readonly frameBytes: number[] = [];
  readonly envelopes: Buffer[] = [];
  readonly violations: ProtocolViolation[] = [];
  readonly errors: (HeartwireError | undefined)[] = [];
  writables = 0;
  ends = 0;

  text(text: string, frameBytes: number): void {
    this.texts.push(text);
    this.frameBytes.push(frameBytes);
  }

  binary(parts: readonly Uint8Array[]): void {
    this.envelopes.push(Buffer.concat(parts));
  }

  violated(violation: ProtocolViolation): void {
    this.violations.push(violation);
  }

  writable(): void {
    this.writables += 1;
  }

  peerEnded(): void {
    this.ends += 1;
  }

  closed(error?: HeartwireError): void {
    this.errors.push(error);
  }

  get isClosed(): boolean {
    return this.errors.length > 0;
  }
}

describe('SocketLink', () => {
  let server: Server;
  /** The raw end, and the link's own socket. */
  let raw: Socket;
  let socket: Socket;
  let link: SocketLink;
  let notes: Notes;
  let directory: string;

  async function connectOver(at: { port: number } | { path: string }): Promise<void> {
    server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen('port' in at ? { ...at, host: '127.0.0.1' } : at);
    await once(server, 'listening');
    const bound = server.address() as AddressInfo | string;
    const accepted = once(server, 'connection');
    raw = connect(typeof bound === 'string' ? { path: bound } : { port: bound.port, host: '127.0.0.1' });
    raw.on('error', () => undefined);
    [socket] = (await accepted) as [Socket];
    await (raw.connecting ? once(raw, 'connect') : undefined);
    link = new SocketLink(socket, nodeFrameEncoder(), monotonicClock, SETTINGS);
    notes = new Notes();
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'heartwire-link-'));
    await connectOver({ port: 0 });
  });

  afterEach(async () => {
    raw.destroy();
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true, force: true });
  });

  it('passes on messages as they come, and tells how many bytes each took', async () => {
    link.open(notes);
    raw.write(Buffer.concat([frame('{"a":1}'), frame(''), frame('"ä€😀"'), frame('\0\0\0\x02{}raw', 2)]));
    await until('all are here', () => notes.envelopes.length === 1);
    expect(notes.texts).toEqual(['{"a":1}', '"ä€😀"']);
    expect(notes.frameBytes).toEqual([11, 15]);
    expect(notes.envelopes[0]?.toString('latin1')).toBe('\0\0\0\x02{}raw');
    expect(link.bytesReceived).toBe(11 + 4 + 15 + 13);
  });

  it('is read on where no more came than it takes in a second, in however many reads', async () => {
    const settings = { ...SETTINGS, messagesPerSecond: 8 };
    link = new SocketLink(socket, nodeFrameEncoder(), { now: () => 0 }, settings);
    link.open(notes);
    for (const count of [2, 4, 6, 8]) {
      raw.write(Buffer.concat([frame('1'), frame('2')]));
      await until('both are here', () => notes.texts.length === count);
      expect(link.isReading).toBe(true);
    }
  });

  it('puts together what comes in pieces', async () => {
    link.open(notes);
    for (const byte of frame('"ä€😀"')) {
      raw.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    await until('it is here', () => notes.texts.length === 1);
    expect(notes.texts).toEqual(['"ä€😀"']);
  });

  it('reads nothing before it is opened, and loses nothing of what came before', async () => {
    await new Promise((resolve) => raw.write(frame('"early"'), resolve));
    await until('it has arrived', () => socket.readableLength > 0);
    expect(notes.texts).toEqual([]);
    link.open(notes);
    await until('it is read', () => notes.texts.length === 1);
  });

  it('goes on with another receiver when it is opened again, also between two messages of one read', async () => {
    const second = new Notes();
    notes.text = () => {
      link.open(second);
    };
    link.open(notes);
    raw.write(Buffer.concat([frame('"for the first"'), frame('"for the second"')]));
    await until('both are here', () => second.texts.length === 1);
    expect(second.texts).toEqual(['"for the second"']);
    raw.destroy();
    await until('it is told', () => second.ends + second.errors.length > 0);
    expect([notes.ends, notes.errors]).toEqual([0, []]);
  });

  it('writes a batch as frames, one after the other', async () => {
    link.open(notes);
    const received: Buffer[] = [];
    raw.on('data', (chunk) => received.push(chunk));
    link.send(['{"a":1}', { header: '{}', bytes: Uint8Array.of(1, 2) }, '"€"']);
    const expected = Buffer.concat([frame('{"a":1}'), frame('\0\0\0\x02{}\x01\x02', 2), frame('"€"')]);
    await until('all is here', () => Buffer.concat(received).length === expected.length);
    expect(Buffer.concat(received)).toEqual(expected);
    expect(link.bytesSent).toBe(expected.length);
  });

  it('tells when it is full, and when there is room again', async () => {
    link.open(notes);
    raw.pause();
    const long = 'x'.repeat(1_000_000);
    let hasRoom = true;
    for (let count = 0; hasRoom && count < 200; count += 1) hasRoom = link.send([long]);
    expect(hasRoom).toBe(false);
    expect(link.bufferedBytes).toBeGreaterThan(0);
    expect(notes.writables).toBe(0);
    raw.resume();
    await until('there is room', () => notes.writables === 1);
    expect(link.bufferedBytes).toBe(0);
  });

  it('knows when it last heard anything, be it a part of a message', async () => {
    const before = link.heardAt;
    link.open(notes);
    raw.write(frame('"half"').subarray(0, 5));
    await until('it is heard', () => link.heardAt > before);
    expect(notes.texts).toEqual([]);
  });

  it.each([
    ['a frame beyond the limit', Buffer.from([0, 0x40, 0, 1]), 'FRAME_TOO_LARGE'],
    ['the reserved bit', Buffer.from([0x40, 0, 0, 1]), 'PROTOCOL_ERROR'],
    ['what is no UTF-8', Buffer.from([0, 0, 0, 3, 0x22, 0xff, 0x22]), 'PROTOCOL_ERROR'],
  ])('tells of %s, and delivers nothing after it', async (_, bytes, code) => {
    link.open(notes);
    raw.write(Buffer.concat([frame('"before"'), bytes, frame('"after"')]));
    await until('it is told', () => notes.violations.length > 0);
    raw.write(frame('"later"'));
    raw.end();
    await until('the end is read', () => notes.ends === 1);
    expect(notes.violations).toMatchObject([{ code }]);
    expect(notes.texts).toEqual(['"before"']);
  });

  it('takes a text that holds the replacement character itself', async () => {
    link.open(notes);
    raw.write(frame('"\uFFFD"'));
    await until('it is here', () => notes.texts.length === 1);
    expect(notes.texts).toEqual(['"\uFFFD"']);
  });

  it('gives up a frame that does not end in time', async () => {
    link = new SocketLink(socket, nodeFrameEncoder(), monotonicClock, { ...SETTINGS, frameTimeoutMs: 100 });
    link.open(notes);
    raw.write(frame('"half"').subarray(0, 5));
    await until('it is told', () => notes.violations.length > 0);
    expect(notes.violations[0]?.message).toContain('must be complete within 100 ms');
  });

  it('can still send once the other end has finished, and closes without an error when both have', async () => {
    link.open(notes);
    const received: Buffer[] = [];
    raw.on('data', (chunk) => received.push(chunk));
    raw.end(frame('"last"'));
    await until('its end is heard', () => notes.ends === 1);
    expect(notes.texts).toEqual(['"last"']);
    link.send(['"answer"']);
    link.end();
    await until('it is closed', () => notes.isClosed);
    expect(notes.errors).toEqual([undefined]);
    await until('all is sent', () => Buffer.concat(received).length === 12);
  });

  it('tells of a reset as a lost connection, once', async () => {
    link.open(notes);
    raw.resetAndDestroy();
    await until('it is closed', () => notes.isClosed);
    expect(notes.errors).toMatchObject([{ code: 'CONNECTION_LOST', details: { errno: 'ECONNRESET' } }]);
    link.destroy();
    link.end();
    await new Promise(setImmediate);
    expect(notes.errors).toHaveLength(1);
  });

  it('says nothing more of what has arrived once it was destroyed, but that it is closed', async () => {
    notes.text = (text) => {
      notes.texts.push(text);
      link.destroy();
    };
    link.open(notes);
    raw.write(Buffer.concat([frame('"one"'), frame('"two"')]));
    await until('it is closed', () => notes.isClosed);
    expect(notes.texts).toEqual(['"one"']);
  });

  it('names the other end', () => {
    expect(link.remote).toBe(`tcp://127.0.0.1:${String((raw.address() as AddressInfo).port)}`);
    expect(link.carrier).toBe(socket);
  });

  it('runs over a Unix socket too', async () => {
    raw.destroy();
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await connectOver({ path: join(directory, 'link.sock') });
    link.open(notes);
    raw.write(frame('"over a file"'));
    await until('it is here', () => notes.texts.length === 1);
    expect(link.remote).toBe('unix://');
  });
});

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FaultProxy, type FaultProxyOptions } from './fault-proxy.js';

/** One end of a connection, and all that came of it. */
class Peer {
  receivedBytes = 0;
  /** `open`, `end`, or the code of its error. */
  ending = 'open';
  private readonly chunks: Buffer[] = [];
  /** Moments of arrival. */
  readonly arrivals: number[] = [];
  private wake: () => void = () => undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.receivedBytes += chunk.length;
      this.arrivals.push(performance.now());
      this.wake();
    });
    socket.on('end', () => this.ended('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.ended(error.code ?? error.message));
    socket.on('close', () => this.ended('closed'));
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  async hears(text: string): Promise<void> {
    await this.until(() => this.text === text);
  }

  private ended(how: string): void {
    if (this.ending === 'open') this.ending = how;
    this.wake();
  }
}

describe('a fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  const accepted: Peer[] = [];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      accepted.push(new Peer(socket));
      server.emit('peer');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await start();
  });

  afterEach(async () => {
    await proxy.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    accepted.length = 0;
    await new Promise((resolve) => server.close(resolve));
  });

  async function start(options?: FaultProxyOptions): Promise<void> {
    proxy = await FaultProxy.to(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  }

  function dial(): Peer {
    const socket = connect({ port: Number(new URL(proxy.url).port), host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    return new Peer(socket);
  }

  /** A client and the server's end of the same connection. */
  async function pair(): Promise<[client: Peer, server: Peer]> {
    const count = accepted.length;
    const { connections } = proxy;
    const client = dial();
    while (accepted.length === count) await once(server, 'peer');
    while (proxy.connections === connections) await new Promise(setImmediate);
    return [client, accepted[count] as Peer];
  }

  /** Both ends may know before the proxy does. */
  async function noneLeft(): Promise<void> {
    while (proxy.connections > 0) await new Promise(setImmediate);
  }

  it('passes on what both ends say, and that they have finished', async () => {
    const [client, peer] = await pair();
    client.socket.end('question');
    await peer.until(() => peer.ending === 'end');
    expect(peer.text).toBe('question');
    peer.socket.end('answer');
    await client.until(() => client.ending === 'end');
    expect(client.text).toBe('answer');
    expect(proxy.accepted).toBe(1);
  });

  it('passes on that an end has broken off', async () => {
    const [client, peer] = await pair();
    expect(proxy.connections).toBe(1);
    client.socket.resetAndDestroy();
    await peer.until(() => peer.ending !== 'open');
    expect(peer.ending).toBe('ECONNRESET');
  });

  it('does not let a client wait for a server that is not there', async () => {
    proxy.target = 'tcp://127.0.0.1:1';
    const refused = dial();
    await refused.until(() => refused.ending !== 'open');
    expect(refused.ending).toBe('ECONNRESET');
    proxy.target = undefined;
    const reset = dial();
    await reset.until(() => reset.ending !== 'open');
    expect(reset.ending).toBe('ECONNRESET');
  });

  it('holds megabytes back from a slow reader without losing any', async () => {
    const [client, peer] = await pair();
    const bytes = randomBytes(32 * 2 ** 20);
    peer.socket.pause();
    client.socket.end(bytes);
    let isWritten = false;
    client.socket.once('finish', () => (isWritten = true));
    // What the kernel holds for both connections, and what the proxy holds, is less than that.
    const [other, otherPeer] = await pair();
    other.socket.write('fast');
    await otherPeer.hears('fast');
    expect(isWritten).toBe(false);
    peer.socket.resume();
    await peer.until(() => peer.ending === 'end');
    expect(peer.received.equals(bytes)).toBe(true);
  });

  it('delays what passes, and keeps its order', async () => {
    const [client, peer] = await pair();
    proxy.slow({ delayMs: 50, jitterMs: 50 });
    const begunAt = performance.now();
    for (let n = 0; n < 10; n++) {
      client.socket.write(String(n));
      await new Promise(setImmediate);
    }
    await peer.hears('0123456789');
    expect(peer.arrivals[0]).toBeGreaterThanOrEqual(begunAt + 50);
    peer.socket.write('back');
    const answeredAt = performance.now();
    await client.hears('back');
    expect(client.arrivals[0]).toBeGreaterThanOrEqual(answeredAt + 50);
  });

  it('delays one way only, when asked to', async () => {
    const [client, peer] = await pair();
    proxy.slow({ delayMs: 60_000 }, 'upstream');
    client.socket.write('held back');
    peer.socket.write('at once');
    await client.hears('at once');
    expect(peer.text).toBe('');
  });

  it('passes no more bytes in a second than it is told', async () => {
    const [client, peer] = await pair();
    proxy.slow({ bytesPerSecond: 1_000_000 });
    const begunAt = performance.now();
    const bytes = randomBytes(200_000);
    client.socket.write(bytes);
    await peer.until(() => peer.receivedBytes === bytes.length);
    // But for the slices that may leave at once.
    expect(performance.now() - begunAt).toBeGreaterThan(180);
    expect(peer.received.equals(bytes)).toBe(true);
  });

  it('counts the bytes that it has passed on, over all connections', async () => {
    proxy.cutAfter(5, { direction: 'upstream' });
    const [client] = await pair();
    client.socket.write('too much');
    await client.until(() => client.ending !== 'open');
    expect(proxy.passedBytes('upstream')).toBe(5);
    await noneLeft();

    const [another, peer] = await pair();
    another.socket.write('four');
    await peer.hears('four');
    peer.socket.write('yes');
    await another.hears('yes');
    expect(proxy.passedBytes('upstream')).toBe(9);
    expect(proxy.passedBytes('downstream')).toBe(3);
  });

  it('closes connections in order when it cuts them', async () => {
    const [client, peer] = await pair();
    proxy.cut();
    await client.until(() => client.ending !== 'open');
    await peer.until(() => peer.ending !== 'open');
    expect([client.ending, peer.ending]).toEqual(['end', 'end']);
  });

  it('resets connections, and lets new ones through', async () => {
    const [client, peer] = await pair();
    proxy.reset();
    await client.until(() => client.ending !== 'open');
    await peer.until(() => peer.ending !== 'open');
    expect([client.ending, peer.ending]).toEqual(['ECONNRESET', 'ECONNRESET']);
    await noneLeft();
    const [next, nextPeer] = await pair();
    next.socket.write('again');
    await nextPeer.hears('again');
    expect(proxy.accepted).toBe(2);
  });

  it('leaves no socket behind when it is cut and then reset at once', async () => {
    const [client, peer] = await pair();
    proxy.cut();
    proxy.reset();
    await client.until(() => client.ending !== 'open');
    await peer.until(() => peer.ending !== 'open');
    await noneLeft();
  });

  it('closes one direction, and keeps the other open', async () => {
    const [client, peer] = await pair();
    proxy.halfClose('upstream');
    await peer.until(() => peer.ending === 'end');
    peer.socket.write('still here');
    await client.hears('still here');
    client.socket.write('lost');
    peer.socket.write(', and here');
    await client.hears('still here, and here');
    expect(peer.text).toBe('');
    expect(client.ending).toBe('open');
  });

  it.each(['upstream', 'downstream'] as const)('swallows all that goes %s, and nothing else', async (way) => {
    const [client, peer] = await pair();
    const [from, to] = way === 'upstream' ? [client, peer] : [peer, client];
    proxy.swallow(way);
    from.socket.write('lost');
    to.socket.write('heard');
    await from.hears('heard');
    from.socket.end();
    to.socket.write(', and heard');
    await from.hears('heard, and heard');
    expect([to.text, to.ending]).toEqual(['', 'open']);
    // The other end closes by itself, and nothing of the connection is left.
    to.socket.end();
    await from.until(() => from.ending === 'end');
    await noneLeft();
  });

  it('does not tell of a broken end in a direction that it swallows', async () => {
    const [client, peer] = await pair();
    proxy.swallow('upstream');
    client.socket.resetAndDestroy();
    peer.socket.write('anybody?');
    const [other, otherPeer] = await pair();
    otherPeer.socket.write('later');
    await other.hears('later');
    expect(peer.ending).toBe('open');
  });

  it('passes nothing after a gap, though it was healed', async () => {
    const [client, peer] = await pair();
    proxy.swallow('upstream');
    client.socket.write('lost');
    peer.socket.write('a');
    await client.hears('a');
    proxy.heal();
    client.socket.write('must not follow');
    const [next, nextPeer] = await pair();
    next.socket.write('new');
    await nextPeer.hears('new');
    expect(peer.text).toBe('');
  });

  it.each(['close', 'reset'] as const)('cuts once after so many bytes: %s', async (ending) => {
    const [client, peer] = await pair();
    proxy.cutAfter(5, { direction: 'upstream', ending });
    client.socket.write('1234567');
    await client.until(() => client.ending !== 'open');
    await peer.until(() => peer.ending !== 'open');
    expect(peer.text).toBe('12345');
    await noneLeft();
    const [next, nextPeer] = await pair();
    next.socket.write('1234567');
    await nextPeer.hears('1234567');
  });

  it('cuts before the next byte, if none may pass', async () => {
    const [client, peer] = await pair();
    proxy.cutAfter(0, { direction: 'downstream' });
    client.socket.write('passes');
    await peer.hears('passes');
    peer.socket.write('x');
    await client.until(() => client.ending !== 'open');
    expect([client.text, client.ending]).toEqual(['', 'ECONNRESET']);
  });

  it('corrupts some bytes, the same ones for the same seed', async () => {
    const sent = Buffer.alloc(10_000);
    const corrupted = async (seed: number): Promise<Buffer> => {
      await proxy.close();
      await start({ seed });
      proxy.corrupt(0.01, 'upstream');
      const [client, peer] = await pair();
      client.socket.write(sent);
      await peer.until(() => peer.receivedBytes === sent.length);
      return peer.received;
    };
    const first = await corrupted(3);
    const changed = [...first].filter((byte) => byte !== 0);
    expect(changed.length).toBeGreaterThan(50);
    expect(changed.length).toBeLessThan(200);
    // One bit each.
    expect(changed.every((byte) => (byte & (byte - 1)) === 0)).toBe(true);
    expect((await corrupted(3)).equals(first)).toBe(true);
    expect((await corrupted(4)).equals(first)).toBe(false);
  });

  it('holds accepts: the connection stands, and is served once they are released', async () => {
    proxy.holdAccepts();
    const client = dial();
    client.socket.write('early');
    while (proxy.accepted === 0) await new Promise(setImmediate);
    expect(accepted).toHaveLength(0);
    proxy.releaseAccepts();
    while (accepted.length === 0) await once(server, 'peer');
    await (accepted[0] as Peer).hears('early');
  });

  it('heals', async () => {
    proxy.slow({ delayMs: 60_000 });
    proxy.swallow();
    proxy.corrupt(1);
    proxy.cutAfter(0, { direction: 'upstream' });
    proxy.holdAccepts();
    proxy.heal();
    const [client, peer] = await pair();
    client.socket.write('well');
    await peer.hears('well');
    peer.socket.write('again');
    await client.hears('again');
  });

  it('leaves nothing behind when it is closed, whatever it was doing', async () => {
    const [client] = await pair();
    proxy.slow({ delayMs: 60_000 });
    client.socket.write('held back');
    proxy.holdAccepts();
    const held = dial();
    while (proxy.accepted < 2) await new Promise(setImmediate);
    await proxy.close();
    await client.until(() => client.ending !== 'open');
    await held.until(() => held.ending !== 'open');
    expect(proxy.connections).toBe(0);
  });
});

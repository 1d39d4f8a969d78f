import { Readable } from 'node:stream';

import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireContext, HeartwireServer } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { deferred } from './support/deferred.js';
import { frame, RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const HELLO = { type: 'hello', protocol: 1 };
const CREDIT = 64;

@Controller()
class PiecesController {
  readonly pieces: string[] = [];
  readonly mayRead = deferred();

  @MessagePattern('collect')
  async collect(@Ctx() { stream }: HeartwireContext): Promise<number> {
    await this.mayRead.promise;
    for await (const piece of stream) this.pieces.push(String(piece));
    return this.pieces.length;
  }
}

/** A chunk in a binary envelope. */
function chunk(members: object, text: string): Buffer {
  const header = Buffer.from(JSON.stringify({ id: 1, chunk: null, ...members }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return frame(Buffer.concat([length, header, Buffer.from(text)]), 2);
}

describe('a stream of bytes', () => {
  const stage = new Stage();
  let controller: PiecesController;
  let server: HeartwireServer;

  afterEach(() => stage.clear());

  async function begin(options: object = {}): Promise<RawPeer> {
    const served = await stage.serve({ controllers: [PiecesController] }, { server: options });
    server = served.server;
    controller = served.app.get(PiecesController);
    const peer = stage.track(await RawPeer.connect(server.address));
    await peer.received({ type: 'welcome' });
    peer.send(HELLO, { id: 1, pattern: 'collect', stream: true });
    return peer;
  }

  const arrived = (): number => server.connections[0]?.bytesReceived ?? 0;

  /** Writes in several pieces, each of which the server reads alone. */
  async function write(peer: RawPeer, bytes: Buffer, ...cuts: readonly number[]): Promise<void> {
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      const before = arrived();
      const piece = bytes.subarray(from, to);
      peer.write(piece);
      await until('the server has read it', () => arrived() >= before + piece.length);
      from = to;
    }
  }

  it('is given out in the pieces in which it came', async () => {
    const peer = await begin();
    await peer.received({ type: 'ready' });
    const bytes = chunk({ byteStream: true }, 'abcdef');
    await write(peer, bytes, bytes.length - 4, bytes.length - 1);
    // Cut where its header is not whole yet, or has just come.
    await write(peer, bytes, 3);
    await write(peer, bytes, 12);
    await write(peer, bytes, bytes.length - 6);
    controller.mayRead.resolve();
    peer.send({ id: 1, end: true });
    await peer.received({ id: 1, response: 6, isDisposed: true });
    expect(controller.pieces).toEqual(['ab', 'cde', 'f', 'abcdef', 'abcdef', 'abcdef']);
  });

  it('is joined where it is no stream of bytes, or a deserializer wants to see it', async () => {
    const seen: unknown[] = [];
    const deserializer = {
      deserialize: (packet: { chunk?: unknown }) => {
        if (packet.chunk !== undefined) seen.push(String(packet.chunk));
        return packet;
      },
    };
    for (const [options, members] of [
      [{}, {}],
      [{ deserializer }, { byteStream: true }],
    ] as const) {
      const peer = await begin(options);
      await peer.received({ type: 'ready' });
      const bytes = chunk(members, 'abcdef');
      await write(peer, bytes, bytes.length - 4);
      controller.mayRead.resolve();
      peer.send({ id: 1, end: true });
      await peer.received({ id: 1, response: 1, isDisposed: true });
      expect(controller.pieces).toEqual(['abcdef']);
    }
    expect(seen).toEqual(['abcdef']);
  });

  it('costs credit for each item, and not for each piece', async () => {
    const peer = await begin();
    await peer.received({ type: 'ready' });
    const bytes = chunk({ byteStream: true }, 'abcdef');
    for (let item = 0; item < CREDIT; item++) await write(peer, bytes, bytes.length - 3);
    controller.mayRead.resolve();
    await peer.received({ type: 'credit', id: 1, n: CREDIT / 2, stream: true });
    await until('it has credit for as many again', () => {
      const grants = peer.messages.filter(({ type }) => type === 'credit');
      return grants.reduce((sum, { n }) => sum + Number(n), 0) === CREDIT;
    });
    peer.send({ id: 1, end: true });
    await peer.received({ id: 1, response: 2 * CREDIT, isDisposed: true });
  });

  it('that ends within an item is a breach', async () => {
    const peer = await begin();
    await peer.received({ type: 'ready' });
    controller.mayRead.resolve();
    peer.write(chunk({ byteStream: true, more: true }, 'abc'));
    peer.send({ id: 1, end: true });
    const message = 'a stream must not end within bytes that were cut';
    await peer.received({ type: 'error', code: 'PROTOCOL_ERROR', message });
    expect(controller.pieces).toEqual(['abc']);
  });

  it('ends early when its consumer leaves between two pieces', async () => {
    @Controller()
    class FirstController {
      @MessagePattern('collect')
      async collect(@Ctx() { stream }: HeartwireContext): Promise<string> {
        return String(await firstValueFrom(stream));
      }
    }
    const served = await stage.serve({ controllers: [FirstController] });
    server = served.server;
    const peer = stage.track(await RawPeer.connect(server.address));
    await peer.received({ type: 'welcome' });
    peer.send(HELLO, { id: 1, pattern: 'collect', stream: true });
    await peer.received({ type: 'ready' });
    const bytes = chunk({ byteStream: true }, 'abcdef');
    await write(peer, bytes, bytes.length - 4);
    await peer.received({ id: 1, response: 'ab', isDisposed: true });
    expect(peer.isClosed).toBe(false);
  });

  it('is what a Readable of bytes gives, at either end; in object mode it gives items', async () => {
    @Controller()
    class EchoController {
      @MessagePattern('bytes')
      bytes(): Readable {
        return new Readable({
          read() {
            this.push(Buffer.alloc(200_000, 'x'));
            this.push(null);
          },
        });
      }

      @MessagePattern('items')
      items(): Readable {
        return Readable.from([Buffer.alloc(200_000, 'x')]);
      }
    }
    const { url } = await stage.serve({ controllers: [EchoController] });
    const client = stage.client(url);
    const lengths = async (pattern: string): Promise<number[]> => {
      const seen: number[] = [];
      for await (const { length } of client.send<Buffer>(pattern, {})) seen.push(length);
      return seen;
    };
    expect(await lengths('items')).toEqual([200_000]);
    const pieces = await lengths('bytes');
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.reduce((sum, length) => sum + length)).toBe(200_000);
  });
});

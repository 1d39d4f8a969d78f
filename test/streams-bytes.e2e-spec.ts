import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireContext, IncomingStream } from 'heartwire';
import { firstValueFrom, from, lastValueFrom, type Observable, toArray } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const KIB = 1_024;
const MAX = 256 * KIB;
/** Around where bytes are cut, and where no more are taken. */
const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 200_000, MAX];

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

@Controller()
class BytesController {
  sizes: readonly number[] = [];

  @MessagePattern('measure')
  async measure(@IncomingStream() items: IncomingStream<Buffer>): Promise<unknown[]> {
    const seen: unknown[] = [];
    for await (const item of items) seen.push([Buffer.isBuffer(item), item.length, digest(item)]);
    return seen;
  }

  @MessagePattern('count')
  async count(@IncomingStream() items: IncomingStream<Buffer>): Promise<number> {
    let count = 0;
    for await (const item of items) if (item.length > 0) count += 1;
    return count;
  }

  @MessagePattern('echo')
  echo(@Ctx() { stream }: HeartwireContext): AsyncIterable<unknown> {
    return stream;
  }

  @MessagePattern('pushed')
  pushed(): Observable<Buffer> {
    return from(this.sizes.map((size) => Buffer.alloc(size, 7)));
  }

  @MessagePattern('whole')
  whole(@Payload() bytes: Buffer): Buffer {
    return bytes;
  }
}

describe('bytes in a stream', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: BytesController;

  beforeEach(async () => {
    const limits = { maxFrameBytes: MAX };
    const { app, url } = await stage.serve({ controllers: [BytesController] }, { server: { limits } });
    controller = app.get(BytesController);
    client = stage.client(url, { limits });
    await client.connect();
  });

  afterEach(() => stage.clear());

  it('arrive as the items that they were, to a handler', async () => {
    const items = SIZES.map((size) => randomBytes(size));
    const seen = await lastValueFrom(client.send('measure', {}, { stream: Readable.from(items) }));
    expect(seen).toEqual(items.map((item) => [true, item.length, digest(item)]));
  });

  it('arrive as the items that they were, from a handler', async () => {
    const items = SIZES.map((size) => new Uint8Array(randomBytes(size)));
    const seen: unknown[] = [];
    for await (const item of client.send<Buffer>('echo', {}, { stream: from(items) })) {
      seen.push([Buffer.isBuffer(item), item.length, digest(item)]);
    }
    expect(seen).toEqual(items.map((item) => [true, item.length, digest(item)]));
  });

  it('are whole where the last item says that it is the last', async () => {
    for (const size of SIZES) {
      controller.sizes = [size];
      const { values, end } = await outcomeOf(client.send<Buffer>('pushed', {}));
      expect([values.map(({ length }) => length), end]).toEqual([[size], 'complete']);
    }
  });

  it('arrive in any pieces, and in order, where a Readable of bytes gives them', async () => {
    const bytes = randomBytes(3_000_000);
    const cuts = [1, 70_000, 65_536, 3, 200_000];
    let at = 0;
    const source = new Readable({
      read() {
        const from = at;
        at += cuts[from % cuts.length] ?? 1;
        this.push(from < bytes.length ? bytes.subarray(from, at) : null);
      },
    });
    const seen: Buffer[] = [];
    for await (const piece of client.send<Buffer>('echo', {}, { stream: source })) seen.push(piece);
    expect(seen.every((piece) => Buffer.isBuffer(piece) && piece.length > 0)).toBe(true);
    expect(digest(Buffer.concat(seen))).toBe(digest(bytes));
  });

  it('may be mixed with what is JSON', async () => {
    const items = [{ name: 'a' }, Buffer.alloc(100_000, 1), 'text', null, Buffer.from('b')];
    const seen = await lastValueFrom(client.send('echo', {}, { stream: from(items) }).pipe(toArray()));
    expect(seen).toEqual(items);
  });

  it('fail beyond the longest frame, in either direction, and the connection goes on', async () => {
    // The item was never sent, but its call was, and the handler runs.
    const tooLong = { code: 'FRAME_TOO_LARGE', sent: 'maybe', retryable: false };
    const stream = from([Buffer.alloc(1), Buffer.alloc(MAX + 1)]);
    expect(await errorOf(client.send('measure', {}, { stream }))).toMatchObject(tooLong);
    controller.sizes = [1, MAX + 1];
    const { values, error } = await outcomeOf(client.send('pushed', {}));
    expect(values).toHaveLength(1);
    expect(error).toMatchObject({ code: 'FRAME_TOO_LARGE' });
    const text = from(['x'.repeat(MAX)]);
    expect(await errorOf(client.send('measure', {}, { stream: text }))).toMatchObject(tooLong);
    expect(await lastValueFrom(client.send('measure', {}, { stream: from([]) }))).toEqual([]);
    expect(stage.logger.texts('warn')).toEqual([]);
  });

  it.each([1_024, 64 * KIB, 64 * KIB + 1, 64 * KIB + 20, 100_000])(
    'take up frames of any bound: %s bytes',
    async (maxFrameBytes) => {
      const limits = { maxFrameBytes };
      const { url } = await stage.serve({ controllers: [BytesController] }, { server: { limits } });
      const bounded = stage.client(url, { limits });
      await bounded.connect();
      const items = [maxFrameBytes - 100, maxFrameBytes - 20, maxFrameBytes].map((size) => randomBytes(size));
      const echoed = bounded.send<Buffer>('echo', {}, { stream: from(items) });
      expect((await lastValueFrom(echoed.pipe(toArray()))).map(digest)).toEqual(items.map(digest));
    },
  );

  it('leave room for small calls', async () => {
    const bulk = Buffer.alloc(64 * KIB);
    let isOver = false;
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      while (!isOver) {
        given += 1;
        yield await Promise.resolve(bulk);
      }
    }
    const upload = lastValueFrom(client.send('count', {}, { stream: endless() }));
    await until('it runs', () => given > 100);
    for (let call = 0; call < 20; call++) {
      const before = given;
      expect(await firstValueFrom(client.send('whole', Buffer.from('small')))).toEqual(Buffer.from('small'));
      // What is under way, and nothing that came later.
      expect(given - before).toBeLessThan(200);
    }
    isOver = true;
    expect(await upload).toBe(given);
  });
});

/** Packets in an envelope of someone else's. */
class Enveloped {
  readonly seen: unknown[] = [];

  serialize(packet: unknown): unknown {
    this.seen.push(packet);
    return { version: 3, letter: packet };
  }

  deserialize(raw: unknown): unknown {
    return (raw as { letter: unknown }).letter;
  }
}

describe('a serializer', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  it('sees each item of a stream whole, and its end', async () => {
    const codec = new Enveloped();
    const codecs = { serializer: codec, deserializer: codec };
    const { url } = await stage.serve({ controllers: [BytesController] }, { server: codecs });
    const client = stage.client(url, codecs);
    const bytes = Buffer.alloc(70_000, 1);
    const echoed = client.send('echo', {}, { stream: from([{ row: 1 }, bytes]) });
    expect(await lastValueFrom(echoed.pipe(toArray()))).toEqual([{ row: 1 }, bytes.toJSON()]);
    expect(codec.seen).toContainEqual({ id: 1, chunk: { row: 1 } });
    expect(codec.seen).toContainEqual({ id: 1, chunk: bytes });
    expect(codec.seen).toContainEqual({ id: 1, end: true });
    expect(codec.seen).toContainEqual({ id: 1, response: { row: 1 }, isDisposed: false });
  });

  it('that fails, fails the stream', async () => {
    const codec = {
      serialize: (packet: { end?: boolean; chunk?: unknown }) => {
        if (packet.end === true) throw new Error('not today');
        return packet;
      },
    };
    const { url } = await stage.serve({ controllers: [BytesController] });
    const client = stage.client(url, { serializer: codec });
    const failure = await errorOf(client.send('measure', {}, { stream: from([]) }));
    expect(failure).toMatchObject({ message: 'not today' });
  });
});

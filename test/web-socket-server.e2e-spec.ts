import { once } from 'node:events';
import { connect } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServer, HeartwireServerOptions } from 'heartwire';

import { PING, PONG, RawWebSocket, webSocketFrame } from './support/raw-web-socket.js';
import { Stage } from './support/stage.js';
import { TargetController } from './support/target.controller.js';
import { until } from './support/until.js';

const stage = new Stage();
const peers: RawWebSocket[] = [];
let server: HeartwireServer;

type Options = Omit<HeartwireServerOptions, 'url' | 'urls'>;

const open = async (options: Options = {}, url = 'ws://127.0.0.1:0/heartwire'): Promise<void> => {
  ({ server } = await stage.serve(
    { controllers: [TargetController] },
    { url, server: { drainTimeoutMs: 200, ...options } },
  ));
};

const peer = async (...args: [{ headers?: string[]; path?: string }?]): Promise<RawWebSocket> => {
  const one = await RawWebSocket.connect(server.address, ...args);
  peers.push(one);
  return one;
};

/** What an HTTP client that asks for no WebSocket is told. */
const get = async (path: string): Promise<Response> =>
  fetch(`${server.address.replace('ws:', 'http:').replace(/\/heartwire$/, '')}${path}`);

afterEach(async () => {
  for (const one of peers.splice(0)) one.close();
  await stage.clear();
});

describe('a server at a ws:// url', () => {
  it('tells its real url, and serves anybody who speaks JSON in text messages', async () => {
    await open();
    expect(server.address).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/heartwire$/);
    expect(server.addresses).toEqual([server.address]);
    const simple = await peer();
    await simple.received({ type: 'welcome' });
    simple.send({ id: 1, pattern: 'echo', data: { some: 'data' } });
    expect(await simple.received({ id: 1 })).toEqual({ id: 1, response: { some: 'data' }, isDisposed: true });
    expect(server.connections).toMatchObject([{ remote: `ws://127.0.0.1:${String(simple.localPort)}` }]);
  });

  it('answers a ping of the WebSocket, and takes it for a sign of life', async () => {
    await open();
    const simple = await peer();
    simple.write(webSocketFrame('are you there', { opcode: PING }));
    await until('the pong is here', () => simple.opcodes.includes(PONG));
  });

  it('says in HTTP what is wrong: 404, 426, and 400 for what is no HTTP', async () => {
    await open();
    expect((await peer({ path: '/elsewhere' })).status).toBe(404);
    expect((await get('/elsewhere')).status).toBe(404);
    const plain = await get('/heartwire');
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
    const stranger = connect({ port: Number(new URL(server.address).port), host: '127.0.0.1' });
    stranger.write(Buffer.from([0, 0, 0, 2, 0x7b, 0x7d]));
    const [answer] = (await once(stranger, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await once(stranger, 'close');
    await until('all are gone', () => server.connections.length === 0);
  });

  it('takes a query with the path', async () => {
    await open();
    expect((await peer({ path: '/heartwire?room=lobby' })).status).toBe(101);
  });
});

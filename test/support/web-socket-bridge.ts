import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { FrameDecoder } from '../../libs/heartwire/src/protocol/frame-decoder.js';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

/** Stands before a server that speaks TCP, and speaks WebSocket. */
export class WebSocketBridge {
  private constructor(
    private readonly http: Server,
    readonly url: string,
  ) {}

  static async to(tcpUrl: string): Promise<WebSocketBridge> {
    const http = createServer();
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      join(socket, new URL(tcpUrl.replace('tcp', 'http')));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new WebSocketBridge(
      http,
      `ws://127.0.0.1:${String((http.address() as AddressInfo).port)}/heartwire`,
    );
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}

function join(socket: WebSocket, { hostname, port }: URL): void {
  const tcp = connect({ host: hostname, port: Number(port) });
  const decoder = new FrameDecoder(2 ** 24);
  tcp.on('data', (chunk: Buffer) => {
    decoder.push(chunk, (bytes, start, end, isBinary) => {
      socket.send(bytes.subarray(start, end), { binary: isBinary });
    });
  });
  tcp.on('error', () => undefined).on('close', () => socket.close());
  socket.on('error', () => undefined).on('close', () => tcp.destroy());
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const bytes = data as Buffer;
    const word = Buffer.alloc(4);
    word.writeUInt32BE((bytes.length | (isBinary ? 0x8000_0000 : 0)) >>> 0);
    tcp.write(Buffer.concat([word, bytes]));
  });
}

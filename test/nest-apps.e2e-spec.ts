import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import {
  Controller,
  Get,
  HttpException,
  type INestApplication,
  NotFoundException,
  Param,
  type PipeTransform,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientTCP,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  type TcpClientOptions,
  Transport,
} from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HEARTWIRE, HeartwireError, HeartwireExceptionFilter, HeartwireServer } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { errorOf } from './support/outcome.js';
import { moduleOf, Stage } from './support/stage.js';
import { withoutRights } from './support/without-rights.js';

@Controller()
class GreetingController {
  @Get('greet/:name')
  @MessagePattern('greet')
  greet(@Param('name') fromUrl: string | undefined, @Payload() data: string | undefined): string {
    return `hello ${fromUrl ?? String(data)}`;
  }

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    return data;
  }

  @Get('missing')
  @MessagePattern('missing')
  missing(): never {
    throw new NotFoundException('no such room');
  }

  @Get('teapot')
  @MessagePattern('teapot')
  teapot(): never {
    throw new HttpException('no coffee', 418);
  }

  @MessagePattern('where', HEARTWIRE)
  onHeartwire(): string {
    return 'Heartwire';
  }

  @MessagePattern('where', Transport.TCP)
  onTcp(): string {
    return 'TCP';
  }
}

const shout: PipeTransform = { transform: (value: unknown) => String(value).toUpperCase() };

describe('Nest applications with Heartwire', () => {
  const stage = new Stage();
  const cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    await stage.clear();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const listen = async (url: string): Promise<HeartwireServer> => {
    const server = new HeartwireServer({ url });
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(
      moduleOf({ controllers: [GreetingController] }),
      {
        strategy: server,
        logger: stage.logger,
      },
    );
    cleanups.push(() => app.close());
    await app.listen();
    return server;
  };

  const socketPath = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'heartwire-'));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    return join(directory, 'app.sock');
  };

  const leaveBehind = (path: string): void => {
    const crash = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', crash]);
    expect(existsSync(path)).toBe(true);
  };

  const ask = (url: string, pattern: string, data: unknown): Promise<unknown> =>
    firstValueFrom(stage.client(url).send(pattern, data));

  describe('a microservice', () => {
    it('picks a free port for port 0 and tells it as its address', async () => {
      const [one, two] = [await listen('tcp://127.0.0.1:0'), await listen('tcp://127.0.0.1:0')];
      expect(one.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
      expect(two.address).not.toBe(one.address);
      expect(await ask(one.address, 'echo', 'one')).toBe('one');
      expect(await ask(two.address, 'echo', 'two')).toBe('two');
    });

    it('listens at a Unix socket, and takes its file away when it closes', async () => {
      const path = socketPath();
      const server = await listen(`unix://${path}`);
      expect(server.address).toBe(`unix://${path}`);
      expect(await ask(`unix://${path}`, 'echo', { over: 'unix' })).toEqual({ over: 'unix' });
      expect(existsSync(path)).toBe(true);
      await stage.clear();
      await cleanups.pop()?.();
      expect(existsSync(path)).toBe(false);
    });

    it('takes over the socket file that a crashed process left behind', async () => {
      const path = socketPath();
      leaveBehind(path);
      await listen(`unix://${path}`);
      expect(await ask(`unix://${path}`, 'echo', 'alive')).toBe('alive');
    });

    it('lets one of several take it over, when they start at once', async () => {
      const path = socketPath();
      leaveBehind(path);
      const starts = await Promise.allSettled([1, 2, 3].map(() => listen(`unix://${path}`)));
      const failures = starts.flatMap((start) =>
        start.status === 'rejected' ? [start.reason as unknown] : [],
      );
      expect(failures).toHaveLength(2);
      for (const failure of failures) expect(failure).toMatchObject({ code: 'CONNECT_FAILED' });
      expect(await ask(`unix://${path}`, 'echo', 'alive')).toBe('alive');
    });

    it('never takes away what is no socket', async () => {
      const path = socketPath();
      writeFileSync(path, 'precious');
      await expect(listen(`unix://${path}`)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      await expect(listen(`unix://${dirname(path)}`)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      expect(readFileSync(path, 'utf8')).toBe('precious');
    });

    it('says so where it may not use the path of a Unix socket, and so does its client', async () => {
      const path = socketPath();
      await listen(`unix://${path}`);
      chmodSync(dirname(path), 0);
      const refused = { code: 'CONNECT_FAILED', details: { errno: 'EACCES' } };
      await withoutRights(async () => {
        const connecting = stage.client(`unix://${path}`, { strict: true }).connect();
        await expect(connecting).rejects.toMatchObject(refused);
        await expect(listen(`unix://${path}-2`)).rejects.toMatchObject(refused);
      });
      chmodSync(dirname(path), 0o700);
    });

    it.each([
      ['a port', (): Promise<HeartwireServer> => listen('tcp://127.0.0.1:0')],
      ['a Unix socket', (): Promise<HeartwireServer> => listen(`unix://${socketPath()}`)],
    ])(
      'rejects listen() on %s that is in use with a typed error, and leaves the other server alone',
      async (_, first) => {
        const { address } = await first();
        const error: unknown = await listen(address).then(undefined, (reason: unknown) => reason);
        expect(error).toBeInstanceOf(HeartwireError);
        expect(error).toMatchObject({
          code: 'CONNECT_FAILED',
          sent: 'never',
          details: { errno: 'EADDRINUSE' },
        });
        expect(String(error)).toContain(address.slice(address.indexOf('//') + 2));
        expect(await ask(address, 'echo', 'still here')).toBe('still here');
      },
    );

    it('listens once, however often it is asked to', async () => {
      const seen: string[] = [];
      const { app, url } = await stage.serve(
        { controllers: [GreetingController] },
        { prepare: (prepared) => prepared.status.subscribe((status) => seen.push(status)) },
      );
      await app.listen();
      expect(await ask(url, 'echo', 'still here')).toBe('still here');
      expect(seen).toEqual(['connected']);
    });

    it('says that it can not listen again once it was closed', async () => {
      const { app, server, url } = await stage.serve({ controllers: [GreetingController] });
      await server.close();
      await expect(app.listen()).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(stage.client(url, { strict: true }).connect()).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
      });
    });

    it.each(['tcp://127.0.0.1:0', 'unix'])(
      'that is closed while it begins to listen at %s does not',
      async (where) => {
        const path = socketPath();
        const server = new HeartwireServer({ url: where === 'unix' ? `unix://${path}` : where });
        const app = await NestFactory.createMicroservice<MicroserviceOptions>(
          moduleOf({ controllers: [GreetingController] }),
          { strategy: server, logger: stage.logger },
        );
        await app.init();
        const listening = app.listen();
        const closing = app.close();
        await expect(listening).rejects.toMatchObject({ code: 'CLOSED' });
        await closing;
        expect(server.unwrap<NetServer>().listening).toBe(false);
        expect(existsSync(path)).toBe(false);
      },
    );

    it('tells that it could not listen, and listens when it is asked to once the port is free', async () => {
      const other = await stage.serve({ controllers: [GreetingController] });
      const server = new HeartwireServer({ url: other.url });
      const app = await NestFactory.createMicroservice<MicroserviceOptions>(
        moduleOf({ controllers: [GreetingController] }),
        { strategy: server, logger: stage.logger },
      );
      const seen: string[] = [];
      app.status.subscribe((status) => seen.push(status));
      await expect(app.listen()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      expect(seen).toEqual(['disconnected']);
      await other.app.close();
      await app.listen();
      expect(seen).toEqual(['disconnected', 'connected']);
      expect(await ask(other.url, 'echo', 'there')).toBe('there');
      await app.close();
    });

    it('tells its status, from listening to closed', async () => {
      const seen: string[] = [];
      const { app } = await stage.serve(
        { controllers: [GreetingController] },
        {
          prepare: (prepared) => prepared.status.subscribe((status) => seen.push(status)),
        },
      );
      expect(seen).toEqual(['connected']);
      await app.close();
      expect(seen).toEqual(['connected', 'draining', 'disconnected']);
    });

    it('hands out the events of its net.Server, and the server itself', async () => {
      const seen: unknown[] = [];
      const { app, url } = await stage.serve(
        { controllers: [GreetingController] },
        {
          prepare: (prepared) => {
            prepared.on('listening', () => seen.push('listening'));
            prepared.on('connection', (socket: Socket) => seen.push(typeof socket.remotePort));
            prepared.on('close', () => seen.push('close'));
          },
        },
      );
      const server = app.unwrap<NetServer>();
      expect(server).toBeInstanceOf(NetServer);
      expect(url).toBe(`tcp://127.0.0.1:${String((server.address() as { port: number }).port)}`);
      expect(await ask(url, 'echo', 1)).toBe(1);
      expect(seen).toEqual(['listening', 'number']);
      await stage.clear();
      expect(seen).toEqual(['listening', 'number', 'close']);
      expect(server.listening).toBe(false);
    });

    it('hands out the events of each, where it listens at several addresses', async () => {
      const ports: number[] = [];
      const server = new HeartwireServer({ urls: ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'] });
      const app = await NestFactory.createMicroservice<MicroserviceOptions>(
        moduleOf({ controllers: [GreetingController] }),
        { strategy: server, logger: stage.logger },
      );
      cleanups.push(() => app.close());
      app.on('connection', (socket: Socket) => ports.push(socket.localPort ?? 0));
      await app.listen();
      for (const address of server.addresses) expect(await ask(address, 'echo', 1)).toBe(1);
      expect(ports.map((port) => `tcp://127.0.0.1:${String(port)}`)).toEqual(server.addresses);
    });
  });

  describe('a hybrid application', () => {
    const start = async (
      prepare: (app: INestApplication) => void,
      inheritAppConfig: boolean,
    ): Promise<{ app: INestApplication; http: string; url: string }> => {
      const app = await NestFactory.create(moduleOf({ controllers: [GreetingController] }), {
        logger: stage.logger,
      });
      cleanups.push(() => app.close());
      prepare(app);
      const strategy = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
      app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      return { app, http: await app.getUrl(), url: strategy.address };
    };

    it('serves one controller over HTTP and over Heartwire', async () => {
      const { http, url } = await start(() => undefined, false);
      expect(await (await fetch(`${http}/greet/Ada`)).text()).toBe('hello Ada');
      expect(await ask(url, 'greet', 'Bob')).toBe('hello Bob');
    });

    it.each([
      [true, 'HELLO', 'hello'],
      [false, 'Hello', 'hello'],
    ])(
      'with inheritAppConfig %s, a global pipe makes %s of what Heartwire brings',
      async (inherits, expected) => {
        const { url } = await start((app) => app.useGlobalPipes(shout), inherits);
        expect(await ask(url, 'echo', 'Hello')).toBe(expected);
      },
    );

    it('answers both in their own way with one HeartwireExceptionFilter for all', async () => {
      const { http, url } = await start((app) => app.useGlobalFilters(new HeartwireExceptionFilter()), true);
      const response = await fetch(`${http}/missing`);
      const body = { statusCode: 404, message: 'no such room', error: 'Not Found' };
      expect([response.status, await response.json()]).toEqual([404, body]);
      const error = await errorOf(stage.client(url).send('missing', {}));
      expect(error).toEqual({
        status: 404,
        name: 'NotFoundException',
        message: 'no such room',
        response: body,
      });
    });

    it('answers both in their own way where an HttpException has a text only', async () => {
      const { http, url } = await start((app) => app.useGlobalFilters(new HeartwireExceptionFilter()), true);
      const response = await fetch(`${http}/teapot`);
      const body = { statusCode: 418, message: 'no coffee' };
      expect([response.status, await response.json()]).toEqual([418, body]);
      const error = await errorOf(stage.client(url).send('teapot', {}));
      const said = { status: 418, name: 'HttpException', message: 'no coffee', response: 'no coffee' };
      expect(error).toEqual(said);
    });

    it('serves handlers of one pattern over the transport that each is for', async () => {
      const { app, url } = await start((prepared) => {
        prepared.connectMicroservice<MicroserviceOptions>({
          transport: Transport.TCP,
          options: { host: '127.0.0.1', port: 0 },
        });
      }, false);
      const [tcp] = app.getMicroservices();
      const { port } = tcp?.unwrap<NetServer>().address() as { port: number };
      const options: TcpClientOptions['options'] = { host: '127.0.0.1', port };
      const client = stage.track(new ClientTCP(options));
      expect(await firstValueFrom(client.send<string>('where', {}))).toBe('TCP');
      expect(await ask(url, 'where', {})).toBe('Heartwire');
    });

    it('closes its Heartwire server with itself', async () => {
      const { app, url } = await start(() => undefined, false);
      expect(await ask(url, 'echo', 1)).toBe(1);
      await stage.clear();
      await app.close();
      const late = stage.client(url, { strict: true });
      await expect(late.connect()).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        details: { errno: 'ECONNREFUSED' },
      });
    });
  });
});

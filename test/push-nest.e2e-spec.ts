import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, type MicroserviceOptions, Payload, RpcException } from '@nestjs/microservices';
import {
  HeartwireError,
  HeartwireHub,
  HeartwireModule,
  HeartwirePushContext,
  HeartwireServer,
  OnConnect,
  OnDisconnect,
  PushPattern,
  type ServerConnection,
} from 'heartwire';
import { EMPTY, firstValueFrom, type Observable } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

@Injectable()
class OnlyWithTicket implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getContext<HeartwirePushContext>().metadata['ticket'] !== undefined;
  }
}

/** Whom the controller of one module lets in, and who has asked there. */
const GUESTS = Symbol('GUESTS');
interface Guests {
  readonly known: string;
  readonly asked: string[];
}

@Injectable()
class OnTheList implements CanActivate {
  constructor(@Inject(GUESTS) private readonly guests: Guests) {}

  canActivate(context: ExecutionContext): boolean {
    const { guest } = context.switchToRpc().getData<{ guest: string }>();
    this.guests.asked.push(guest);
    return guest === this.guests.known;
  }
}

@Injectable()
class Swallow implements NestInterceptor {
  intercept(): Observable<never> {
    return EMPTY;
  }
}

@Injectable()
class Listener {
  readonly seen: unknown[] = [];

  @PushPattern('news')
  news(@Payload('title') title: string, @Ctx() context: HeartwirePushContext): void {
    this.seen.push([title, context.getPattern()]);
  }

  @PushPattern({ cmd: 'half' }, { from: 'CHAT' })
  half(@Payload(ParseIntPipe) n: number): number {
    return n / 2;
  }

  @UsePipes(ParseIntPipe)
  @PushPattern('type')
  typeOf(n: number): string {
    return typeof n;
  }

  @PushPattern('half', { from: 'OTHER' })
  never(): string {
    return 'the wrong client';
  }

  @UseGuards(OnlyWithTicket)
  @PushPattern('guarded')
  guarded(): string {
    return 'welcome';
  }

  @PushPattern(['rise', { cmd: 'set' }])
  sun(@Ctx() context: HeartwirePushContext): string {
    return context.getPattern();
  }

  @PushPattern('refuse')
  refuse(): never {
    throw new RpcException({ reason: 'not today' });
  }

  @PushPattern('nothing')
  nothing(): Observable<never> {
    return EMPTY;
  }

  @UseInterceptors(Swallow)
  @PushPattern('swallowed')
  swallowed(): string {
    return 'nobody hears it';
  }

  @PushPattern('missing')
  missing(): Promise<unknown> {
    return firstValueFrom(EMPTY);
  }

  @PushPattern('count')
  async *count(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    yield 2;
  }
}

@Injectable()
class Porter {
  readonly seen: string[] = [];

  constructor(readonly hub: HeartwireHub) {}

  @OnConnect()
  welcome(connection: ServerConnection): void {
    this.seen.push(`hello ${connection.clientId}`);
    connection.join('lobby');
  }

  @OnConnect()
  async stumble(): Promise<void> {
    await Promise.resolve();
    throw new Error('the mat slipped');
  }

  @OnDisconnect()
  goodbye(connection: ServerConnection, reason: HeartwireError): void {
    this.seen.push(`goodbye ${connection.clientId}: ${reason.code}`);
  }
}

/** Several modules have it. */
@Controller()
class Desk {
  @UseGuards(OnTheList)
  @PushPattern('desk')
  desk(@Payload('room', ParseIntPipe) room: number): number {
    return room;
  }
}

describe('pushes in a Nest application', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  const open = async (): Promise<{ porter: Porter; hub: HeartwireHub; listener: Listener; id: string }> => {
    const { porter, hub, url } = await serve();
    const module = moduleOf({
      imports: [
        HeartwireModule.register([{ name: 'CHAT', url }]),
        HeartwireModule.register([{ name: 'OTHER', url: 'tcp://127.0.0.1:1' }]),
      ],
      providers: [Listener],
    });
    const app = stage.track(await NestFactory.createApplicationContext(module, { logger: stage.logger }));
    await until('the client is there', () => hub.clients.length === 1);
    return { porter, hub, listener: app.get(Listener), id: hub.clients[0] ?? '' };
  };

  const serve = async (): Promise<{
    porter: Porter;
    server: HeartwireServer;
    hub: HeartwireHub;
    url: string;
  }> => {
    // The stage's own way, with a module that knows the server.
    const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
    const root = {
      module: moduleOf({ providers: [Porter] }),
      imports: [HeartwireModule.forServer(server)],
    };
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(root, {
      strategy: server,
      logger: stage.logger,
    });
    stage.track(app);
    await app.listen();
    const porter = app.get(Porter);
    return { porter, server, hub: porter.hub, url: server.address };
  };

  it('reach the methods of providers, whose application connects by itself', async () => {
    const { hub, listener } = await open();
    hub.broadcast.emit('news', { title: 'rain', text: 'much of it' });
    await until('it was told', () => listener.seen.length === 1);
    expect(listener.seen).toEqual([['rain', 'news']]);
  });

  it.each(['nothing', 'swallowed'])('may be answered without a value: %s', async (pattern) => {
    const { hub, id } = await open();
    expect(await outcomeOf(hub.client(id).send(pattern, 1))).toEqual({
      values: [],
      end: 'complete',
      error: undefined,
    });
  });

  it('that fail for a value that is missing say so all the same', async () => {
    const { hub, id } = await open();
    expect(await errorOf(hub.client(id).send('missing', 1))).toMatchObject({ status: 'error' });
  });

  it('that are calls are answered, through pipes, by the client that is meant', async () => {
    const { hub, id } = await open();
    expect(await firstValueFrom(hub.client(id).send({ cmd: 'half' }, '84'))).toBe(42);
    expect(await errorOf(hub.client(id).send({ cmd: 'half' }, 'many'))).toMatchObject({ status: 400 });
    expect(await errorOf(hub.client(id).send('half', 1))).toMatchObject({ code: 'NO_HANDLER' });
    expect(await outcomeOf(hub.client(id).send('count', {}))).toMatchObject({ values: [1, 2] });
    expect(await errorOf(hub.client(id).send('refuse', {}))).toEqual({ reason: 'not today' });
  });

  it('go through pipes where no parameter is decorated, too', async () => {
    const { hub, id } = await open();
    expect(await firstValueFrom(hub.client(id).send('type', '84'))).toBe('number');
    expect(await errorOf(hub.client(id).send('type', 'many'))).toMatchObject({ status: 400 });
  });

  it('of several patterns have one method', async () => {
    const { hub, id } = await open();
    expect(await firstValueFrom(hub.client(id).send('rise', {}))).toBe('rise');
    expect(await firstValueFrom(hub.client(id).send({ cmd: 'set' }, {}))).toBe('{"cmd":"set"}');
  });

  it('pass the guards and pipes of a controller, those of its own module', async () => {
    const { hub, url } = await serve();
    const lists = ['ada', 'bob'].map((known): Guests => ({ known, asked: [] }));
    const desks = lists.map((useValue) =>
      moduleOf({ controllers: [Desk], providers: [{ provide: GUESTS, useValue }] }),
    );
    const module = moduleOf({ imports: [HeartwireModule.register([{ name: 'CHAT', url }]), ...desks] });
    stage.track(await NestFactory.createApplicationContext(module, { logger: stage.logger }));
    await until('the client is there', () => hub.clients.length === 1);
    const client = hub.client(hub.clients[0] ?? '');
    const ask = (guest: string, room: string) => client.send('desk', { guest, room });
    expect(await errorOf(ask('eve', '7'))).toMatchObject({ status: 403 });
    // A call has one handler: whichever it is, it lets one of the two in.
    const known = lists[0]?.asked.length === 1 ? 'ada' : 'bob';
    expect(await firstValueFrom(ask(known, '7'))).toBe(7);
    expect(await errorOf(ask(known, 'many'))).toMatchObject({ status: 400 });
    hub.broadcast.emit('desk', { guest: 'mallory', room: '7' });
    await until('both were asked', () => lists.every(({ asked }) => asked.includes('mallory')));
  });

  it('pass guards, which see the context', async () => {
    const { hub, id } = await open();
    const ticket = { metadata: { ticket: '1' } };
    expect(await firstValueFrom(hub.client(id).send('guarded', {}, ticket))).toBe('welcome');
    expect(await errorOf(hub.client(id).send('guarded', {}))).toMatchObject({ status: 403 });
  });

  it('are handled once by a provider that has other names, too', async () => {
    const { hub, url } = await serve();
    const module = moduleOf({
      imports: [
        HeartwireModule.register([
          { name: 'CHAT', url },
          { name: 'OTHER', url: 'tcp://127.0.0.1:1' },
        ]),
      ],
      providers: [
        { provide: 'ALIAS', useExisting: Listener },
        { provide: 'SAME', inject: [Listener], useFactory: (listener: Listener) => listener },
        Listener,
      ],
    });
    const app = stage.track(await NestFactory.createApplicationContext(module, { logger: stage.logger }));
    await until('the client is there', () => hub.clients.length === 1);
    hub.broadcast.emit('news', { title: 'rain' });
    await firstValueFrom(hub.client(hub.clients[0] ?? '').send('rise', {}));
    expect(app.get(Listener).seen).toEqual([['rain', 'news']]);
  });

  it('a server’s providers hear who comes and goes, and one that fails is only logged', async () => {
    const { hub, porter, url } = await serve();
    const client = stage.client(url);
    await client.connect();
    await until('it is in the lobby', () => hub.members('lobby').length === 1);
    const [id = ''] = hub.clients;
    await until('the failure is logged', () =>
      stage.logger
        .texts('error')
        .some((text) => text.includes('Porter.stumble failed: Error: the mat slipped')),
    );
    await client.close();
    await until('it is gone', () => porter.seen.length === 2);
    expect(porter.seen).toEqual([`hello ${id}`, `goodbye ${id}: CONNECTION_LOST`]);
    expect(hub.rooms).toEqual([]);
  });

  it('a server’s providers hear nothing of one who comes and goes without a word', async () => {
    const { porter, server, url } = await serve();
    const events: string[] = [];
    server.connections$.subscribe(({ type }) => events.push(type));
    const peer = await RawPeer.connect(url);
    await until('it is there', () => events.includes('opened'));
    peer.close();
    await until('it is gone', () => events.includes('closed'));
    expect(events).not.toContain('introduced');
    expect(porter.seen).toEqual([]);
  });

  it('a client that came before its hybrid application was ready is greeted once it is', async () => {
    const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
    const root = {
      module: moduleOf({ providers: [Porter] }),
      imports: [HeartwireModule.forServer(server)],
    };
    const app = stage.track(await NestFactory.create(root, { logger: stage.logger }));
    app.connectMicroservice<MicroserviceOptions>({ strategy: server });
    await app.startAllMicroservices();
    const [stays, leaves] = [stage.client(server.address), stage.client(server.address)];
    await stays.connect();
    const { seen, hub } = app.get(Porter);
    await until('it is there', () => hub.clients.length === 1);
    const [id = ''] = hub.clients;
    await leaves.connect();
    await until('another is there', () => hub.clients.length === 2);
    await leaves.close();
    await until('that is gone', () => hub.clients.length === 1);
    expect(seen).toEqual([]);
    await app.init();
    expect(seen).toEqual([`hello ${id}`]);
    expect(hub.members('lobby')).toEqual([id]);
  });
});

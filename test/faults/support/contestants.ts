import {
  type ClientProxy,
  ClientProxyFactory,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import {
  HeartwireClient,
  type HeartwireClientOptions,
  HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';

/** What differs between two runs of Heartwire; Nest's TCP transport has none of it. */
export interface Settings {
  readonly client?: Omit<HeartwireClientOptions, 'url' | 'urls'>;
  readonly server?: Omit<HeartwireServerOptions, 'url' | 'urls'>;
}

export type ContestantName = 'Heartwire' | 'Nest TCP';

/** What the clients of both have. */
export type Caller = Pick<ClientProxy, 'send' | 'emit' | 'connect' | 'close' | 'unwrap'>;

/** A transport that goes through the faults. */
export interface Contestant {
  readonly name: ContestantName;
  readonly settings: Settings;
  serve(port: number, host: string): MicroserviceOptions;
  /** A client of one server, or of several that serve the same. */
  client(ports: readonly number[], host: string): Caller;
}

/** Small, so that the tests are short; the bounds are made of them. */
export const HEARTBEAT = { intervalMs: 200, timeoutMs: 400 };
export const CALL_TIMEOUT_MS = 4_000;

const DRAIN_TIMEOUT_MS = 1_000;
/** Quick, as the tests break links again and again. */
const RECONNECT = { firstMaxMs: 20, baseMs: 5, growthMs: 10, maxMs: 200 };

export function heartwire(settings: Settings = {}): Contestant {
  return {
    name: 'Heartwire',
    settings,
    serve: (port, host) => ({
      strategy: new HeartwireServer({
        heartbeat: HEARTBEAT,
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
        ...settings.server,
        url: `tcp://${host}:${port}`,
      }),
    }),
    client: (ports, host) =>
      new HeartwireClient({
        heartbeat: HEARTBEAT,
        reconnect: RECONNECT,
        callTimeoutMs: CALL_TIMEOUT_MS,
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
        ...settings.client,
        urls: ports.map((port) => `tcp://${host}:${port}`),
      }),
  };
}

export function nestTcp(): Contestant {
  return {
    name: 'Nest TCP',
    settings: {},
    serve: (port, host) => ({ transport: Transport.TCP, options: { host, port } }),
    client: (ports, host) => inTurn(ports.map((port) => nestClient(port, host))),
  };
}

function nestClient(port: number, host: string): Caller {
  return ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port } });
}

/** Nest's client knows one server: who has several takes a client for each, and calls them in turn. */
function inTurn(clients: readonly Caller[]): Caller {
  const [first] = clients;
  if (first === undefined) throw new Error('there is no server to call');
  if (clients.length === 1) return first;
  let turn = 0;
  const next = (): Caller => clients[turn++ % clients.length] ?? first;
  return {
    send: (pattern, data) => next().send(pattern, data),
    emit: (pattern, data) => next().emit(pattern, data),
    connect: () => Promise.all(clients.map((client) => client.connect())),
    close: () => Promise.all(clients.map((client) => client.close())),
    unwrap: () => first.unwrap(),
  };
}

/** The same contestant in another process. */
export function contestantOf({ name, settings }: Pick<Contestant, 'name' | 'settings'>): Contestant {
  return name === 'Heartwire' ? heartwire(settings) : nestTcp();
}

import type { HeartwireError } from '../errors/heartwire-error.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { Resolve } from '../options/resolve.js';
import { Backoff } from '../timing/backoff.js';
import type { Runtime } from '../timing/runtime.js';
import { planConnections } from './connection-plan.js';
import type { Connection } from './connection.js';
import { NameWatch } from './name-watch.js';
import { byPreference } from './preference.js';
import type { Replica } from './replica.js';

export interface EndpointsHost {
  /** A connection to a server that has none; it isn't opened yet. */
  connectionTo(replica: Replica, rank: number): Connection;
  /** Is left in order: its calls that wait go elsewhere. */
  retire(connection: Connection): void;
  nameFailed(error: HeartwireError): void;
}

/** Knows the servers that the urls lead to, and who of them should be connected. */
export class Endpoints {
  private readonly names: readonly NameWatch[];
  private readonly byKey = new Map<string, Connection>();
  /** Where the order doesn't count, each client has one of its own, so that they spread. */
  private readonly isOrdered: boolean;
  private isStarted = false;
  private isStopped = false;

  constructor(
    private readonly options: ResolvedClientOptions,
    private readonly runtime: Runtime,
    resolve: Resolve,
    private readonly host: EndpointsHost,
  ) {
    const { targets, balance, reconnect, resolveIntervalMs, connectTimeoutMs } = options;
    this.isOrdered = balance === 'first' || typeof balance === 'object';
    const settings = { resolve, resolveIntervalMs, connectTimeoutMs };
    this.names = targets.map(
      (target) =>
        new NameWatch(target, settings, new Backoff(reconnect, runtime.random), {
          found: () => {
            this.update();
          },
          failed: (error) => {
            host.nameFailed(error);
          },
        }),
    );
  }

  /** In the order in which they are preferred. */
  get all(): readonly Connection[] {
    return [...this.byKey.values()].sort(byPreference);
  }

  /** Looks the names up and opens the first connections. */
  start(): void {
    this.isStarted = true;
    this.update();
    this.refresh();
  }

  /** Names are not looked up any more, and nothing is opened. */
  stop(): void {
    this.isStopped = true;
    for (const name of this.names) name.stop();
  }

  /** A server may have gone elsewhere: the names are looked up again. */
  refresh(): void {
    for (const name of this.names) name.refresh();
  }

  /** Whether everything that can be tried has failed at least so often since it was last connected. */
  haveFailed(times: number): boolean {
    return (
      this.names.every((name) => name.isResolved || name.failures >= times) &&
      [...this.byKey.values()].every(({ phase, failures }) => phase !== 'ready' && failures >= times)
    );
  }

  /** Opens, parks and closes connections, so that the right ones are there. */
  arrange(): void {
    if (this.isStopped || !this.isStarted) return;
    const { open, park, close } = planConnections(
      this.all,
      this.options.maxEndpoints,
      this.runtime.clock.now(),
    );
    for (const connection of close) this.retire(connection);
    for (const connection of park) connection.park();
    for (const connection of open) connection.open();
  }

  private update(): void {
    if (this.isStopped) return;
    const found = new Map(this.inOrder().map((replica, index) => [replica.key, { replica, index }]));
    for (const connection of this.byKey.values()) connection.isKnown = found.has(connection.key);
    for (const { replica, index } of found.values()) {
      const connection = this.byKey.get(replica.key) ?? this.add(replica, this.shuffled(replica));
      connection.replica = replica;
      if (this.isOrdered) connection.rank = index;
    }
    this.arrange();
  }

  private add(replica: Replica, rank: number): Connection {
    const connection = this.host.connectionTo(replica, rank);
    this.byKey.set(replica.key, connection);
    return connection;
  }

  /** One that is only not needed now stays known, as a spare. */
  private retire(connection: Connection): void {
    this.byKey.delete(connection.key);
    if (connection.isKnown) this.add(connection.replica, connection.rank);
    this.host.retire(connection);
  }

  /** As the urls name them; by key, so that every client has the same servers where keys count. */
  private inOrder(): readonly Replica[] {
    const byName = this.names.map(({ replicas }) => [...replicas].sort(byKey));
    return typeof this.options.balance === 'object' ? byName.flat().sort(byKey) : byName.flat();
  }

  /** A place at random, the better the more weight it has (Efraimidis and Spirakis, 2006). */
  private shuffled({ weight }: Replica): number {
    return -(this.runtime.random() ** (1 / weight));
  }
}

function byKey(one: Replica, other: Replica): number {
  return one.key < other.key ? -1 : 1;
}

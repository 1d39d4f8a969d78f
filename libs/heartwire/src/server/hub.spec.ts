import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';

import type { ConnectionEvent } from './connection-event.js';
import { HeartwireHub } from './hub.js';
import { InProcessAdapter } from './in-process-adapter.js';
import { Instances } from './instances.js';
import type { ServerConnection } from './server-connection.js';

/** What the hub needs of a connection. */
class FakeConnection {
  readonly pushed: unknown[] = [];

  constructor(
    readonly clientId: string,
    readonly identity?: string,
  ) {}

  push(message: unknown): void {
    this.pushed.push(message);
  }
}

function newHub(connections: ReadonlyMap<string, ServerConnection>, events$: Subject<ConnectionEvent>) {
  const instances = new Instances(new InProcessAdapter(), { log: () => {}, warn: () => {} });
  return new HeartwireHub({
    connections,
    events$,
    codec: undefined,
    callTimeoutMs: 5_000,
    maxFrameBytes: 1_000,
    instances,
  });
}

function hubOf(...fakes: readonly FakeConnection[]) {
  const all = fakes as unknown as ServerConnection[];
  const connections = new Map(all.map((connection) => [connection.clientId, connection]));
  const events$ = new Subject<ConnectionEvent>();
  const hub = newHub(connections, events$);
  for (const connection of all) events$.next({ type: 'introduced', connection });
  return { hub, events$ };
}

describe('the hub', () => {
  const phone = new FakeConnection('c1', 'ann');
  const laptop = new FakeConnection('c2', 'ann');
  const bob = new FakeConnection('c3', 'bob');

  it('reaches every client of an identity, as long as it is there', () => {
    const { hub, events$ } = hubOf(phone, laptop, bob);
    hub.to({ identity: 'ann' }).emit('news', 1);
    expect([phone, laptop, bob].map(({ pushed }) => pushed.length)).toEqual([1, 1, 0]);
    const reason = undefined as never;
    events$.next({ type: 'closed', connection: phone as unknown as ServerConnection, reason });
    hub.to('ann').emit('news', 2);
    expect([phone, laptop, bob].map(({ pushed }) => pushed.length)).toEqual([1, 2, 0]);
  });

  it('tells a room from an identity of the same name where it is asked to', () => {
    const [ann, guest] = [new FakeConnection('c1', 'ann'), new FakeConnection('c2')];
    const { hub } = hubOf(ann, guest);
    hub.join('c2', 'ann');
    hub.to({ identity: 'ann' }).emit('news', 'for ann');
    hub.to({ room: 'ann' }).emit('news', 'for the room');
    hub.to('ann').emit('news', 'for both');
    const texts = (fake: FakeConnection): unknown[] =>
      fake.pushed.map((message) => (JSON.parse(message as string) as { data: unknown }).data);
    expect(texts(ann)).toEqual(['for ann', 'for both']);
    expect(texts(guest)).toEqual(['for the room', 'for both']);
  });

  it('gives every client the very same text', () => {
    const [one, other] = [new FakeConnection('c1'), new FakeConnection('c2')];
    hubOf(one, other).hub.broadcast.emit('news', { n: 1 });
    expect(one.pushed).toEqual(['{"pattern":"news","data":{"n":1}}']);
    expect(other.pushed).toEqual(one.pushed);
  });

  it('leaves out a connection that has not said a word: it may only take another one up', () => {
    const silent = new FakeConnection('c1');
    const connections = new Map([['c1', silent as unknown as ServerConnection]]);
    const events$ = new Subject<ConnectionEvent>();
    const hub = newHub(connections, events$);
    events$.next({ type: 'opened', connection: silent as unknown as ServerConnection });
    hub.broadcast.emit('news', 1);
    expect(silent.pushed).toEqual([]);
    expect(hub.clients).toEqual([]);
  });

  it('tells who leaves a room, also of one that was put there and went without a word', () => {
    const silent = new FakeConnection('c1') as unknown as ServerConnection;
    const connections = new Map([['c1', silent]]);
    const events$ = new Subject<ConnectionEvent>();
    const hub = newHub(connections, events$);
    const seen: unknown[] = [];
    hub.presence$.subscribe((presence) => seen.push(presence));
    hub.join('c1', 'lobby');
    connections.delete('c1');
    events$.next({ type: 'closed', connection: silent, reason: undefined as never });
    const lobby = { clientId: 'c1', identity: undefined, room: 'lobby' };
    expect(seen).toEqual([
      { type: 'joined', ...lobby },
      { type: 'left', ...lobby },
    ]);
    expect(hub.rooms).toEqual([]);
  });
});

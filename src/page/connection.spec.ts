import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionStatus } from 'heartwire/browser';
import { BehaviorSubject, NEVER, Observable, Subject } from 'rxjs';

import { type Client, Connection } from './connection.js';

/** A client whose server the test plays. */
class FakeClient implements Client {
  readonly status$ = new BehaviorSubject<ConnectionStatus>('connecting');
  readonly liveness$ = NEVER;
  readonly pushes$ = new Subject<unknown>();
  readonly asked: string[] = [];
  readonly answers: Subject<unknown>[] = [];
  cancelled = 0;
  isClosed = false;

  send = ((pattern: string) =>
    new Observable<unknown>((subscriber) => {
      const answer$ = new Subject<unknown>();
      this.asked.push(pattern);
      this.answers.push(answer$);
      subscriber.add(answer$.subscribe(subscriber));
      return () => (this.cancelled += 1);
    })) as unknown as Client['send'];
  on$ = (() => this.pushes$) as Client['on$'];
  close = (): Promise<void> => {
    this.isClosed = true;
    return Promise.resolve();
  };
}

describe('the page’s connection', () => {
  let clients: FakeClient[];
  let connection: Connection;

  const latest = (): FakeClient => {
    const client = clients.at(-1);
    if (client === undefined) throw new Error('nobody has connected');
    return client;
  };

  beforeEach(() => {
    clients = [];
    connection = new Connection(() => {
      const client = new FakeClient();
      clients.push(client);
      return client;
    });
  });

  it('connects when it is opened, once', () => {
    expect(clients).toHaveLength(0);
    connection.open();
    connection.open();
    expect(clients).toHaveLength(1);
  });

  it('stays closed until it is opened again, with a new client', () => {
    connection.open();
    connection.close();
    expect([latest().isClosed, connection.isOpen, clients.length]).toEqual([true, false, 1]);
    connection.open();
    expect([latest().isClosed, connection.isOpen, clients.length]).toEqual([false, true, 2]);
  });

  it('tells of each new connection, of this client and the next', () => {
    let count = 0;
    connection.connected$.subscribe(() => (count += 1));
    connection.open();
    for (const status of ['connected', 'reconnecting', 'connected'] as const) latest().status$.next(status);
    expect(count).toBe(2);
    connection.close();
    connection.open();
    latest().status$.next('connected');
    expect(count).toBe(3);
  });

  it('asks what was asked while it was closed, and asks again what nobody answered', () => {
    const answers: unknown[] = [];
    connection.send('say', {}).subscribe((answer) => answers.push(answer));
    connection.open();
    expect(latest().asked).toEqual(['say']);
    connection.close();
    expect(latest().cancelled).toBe(1);
    connection.open();
    expect(latest().asked).toEqual(['say']);
    latest().answers[0]?.next('done');
    expect(answers).toEqual(['done']);
    connection.close();
    connection.open();
    expect(latest().asked).toEqual([]);
  });

  it('passes on what is pushed, whichever client it comes to', () => {
    const heard: unknown[] = [];
    connection.on$('said').subscribe((push) => heard.push(push));
    for (const push of [1, 2]) {
      connection.open();
      latest().pushes$.next(push);
      connection.close();
    }
    expect(heard).toEqual([1, 2]);
  });
});

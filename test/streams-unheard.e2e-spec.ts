import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient } from 'heartwire';
import { firstValueFrom, NEVER } from 'rxjs';

import type { Listening } from './support/deaf-server.js';
import { loaderArguments, program } from './support/program.js';
import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';

const WAYS: readonly Listening[] = ['subscribed', 'piped', 'shared', 'late', 'merged', 'wrapped', 'subject'];

describe('a server whose handlers have no callback for the errors of their callers’ streams', () => {
  const stage = new Stage();
  let child: ChildProcess;
  let url: string;

  const next = async (): Promise<unknown> => ((await once(child, 'message')) as readonly unknown[])[0];

  beforeEach(async () => {
    child = fork(program('test/support/deaf-server.ts'), {
      execArgv: [...loaderArguments],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    url = (await next()) as string;
  });

  afterEach(async () => {
    try {
      await stage.clear();
    } finally {
      await endOfChild();
    }
  });

  const endOfChild = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  /** Timers that were due have run by the last answer. */
  const isAlive = async (client: HeartwireClient): Promise<boolean> => {
    for (let n = 0; n < 3; n++) await firstValueFrom(client.send('pulse', {}));
    return child.exitCode === null;
  };

  it('outlives callers that cancel', async () => {
    const client = stage.client(url);
    for (const how of WAYS) {
      const listening = next();
      const call = client.send('listen', how, { stream: NEVER }).subscribe();
      await listening;
      call.unsubscribe();
      expect(await isAlive(client)).toBe(true);
    }
  });

  it('outlives callers that are gone, and sources that fail with an object, a text or a number', async () => {
    const client = stage.client(url);
    for (const err of [undefined, { status: 'error', message: 'no more' }, 'no more', 0]) {
      for (const how of WAYS) {
        const peer = stage.track(await RawPeer.connect(url));
        const listening = next();
        peer.send({ id: 1, pattern: 'listen', data: how, stream: true });
        await listening;
        if (err === undefined) peer.socket.destroy();
        else peer.send({ id: 1, end: true, err });
        peer.send({ id: 2, pattern: 'pulse', data: {} });
        if (err !== undefined) await peer.received({ id: 2 });
      }
      expect(await isAlive(client)).toBe(true);
    }
  });

  it('still ends by a failure of its own that nobody takes', async () => {
    const client = stage.client(url);
    // With a stream first: all other errors are treated as before.
    const listening = next();
    const call = client.send('listen', 'subscribed', { stream: NEVER }).subscribe();
    await listening;
    call.unsubscribe();
    const ended = once(child, 'exit');
    client.emit('fail', {});
    client.send('fail', {}).subscribe({ error: () => undefined });
    const [code] = (await ended) as readonly unknown[];
    expect(code).not.toBe(0);
  });
});

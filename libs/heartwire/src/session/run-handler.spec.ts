import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { deferred } from '../../../../test/support/deferred.js';
import { HELLO, ScriptedPeer } from '../../../../test/support/scripted-peer.js';
import { AcceptingEnd } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { Admission } from './admission.js';
import { runHandler } from './run-handler.js';

describe('a handler whose call was cancelled', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  it.each(['returns', 'throws'])('keeps its place in the process until it %s', async (how) => {
    const admission = new Admission(1);
    const work = deferred();
    const handler = async (): Promise<void> => {
      await work.promise;
      if (how === 'throws') throw new Error('too late');
    };
    let run: Promise<void> | undefined;
    const end = new AcceptingEnd({
      admission,
      dispatch: (call) => {
        run = runHandler(handler, call, {}, (error) => error);
      },
    });
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(HELLO, { id: 1, pattern: 'work', data: {} }, { type: 'cancel', id: 1 });
    expect(admission.isFull).toBe(true);
    work.resolve();
    await run;
    expect(admission.isFull).toBe(false);
  });
});

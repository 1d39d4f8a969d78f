import { describe, expect, it } from '@jest/globals';

import { InProcessAdapter } from './in-process-adapter.js';
import { Instances, type OwnSide } from './instances.js';

describe('an instance that is asked to move a client', () => {
  const setUp = (): { instances: Instances; moved: unknown[] } => {
    const moved: unknown[] = [];
    const logger = { log: () => undefined, warn: () => undefined };
    const instances = new Instances(new InProcessAdapter(), logger);
    const own = {
      tell: () => undefined,
      move: (...args: readonly unknown[]) => moved.push(args),
    } as unknown as OwnSide;
    instances.serve(own);
    return { instances, moved };
  };

  it('does so for what may be a client of its own', () => {
    const { instances, moved } = setUp();
    instances.hear('east', { type: 'move', clientId: 'ann', room: 'lobby', isIn: true });
    expect(moved).toEqual([['ann', 'lobby', true]]);
  });

  it('asks no other one: two that are both wrong would ask each other for ever', () => {
    const { instances, moved } = setUp();
    instances.learn('east', [{ clientId: 'ann', identity: undefined, rooms: [] }]);
    instances.hear('east', { type: 'move', clientId: 'ann', room: 'lobby', isIn: true });
    expect(moved).toEqual([]);
  });
});

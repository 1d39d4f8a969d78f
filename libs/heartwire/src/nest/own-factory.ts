import { randomUUID } from 'node:crypto';

/**
 * A factory that Nest takes for no other. With `moduleIdGeneratorAlgorithm: 'deep-hash'` modules whose providers look alike are
 * one, and factories look as their text does, which knows nothing of what they are made with.
 */
export function ownFactory<Factory extends (...args: never) => unknown>(factory: Factory): Factory {
  const id = randomUUID();
  return Object.assign(factory, { toString: () => id });
}

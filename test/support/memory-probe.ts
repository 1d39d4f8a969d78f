/** Preloaded into a service under test: tells how much memory it holds, whenever it is asked. */
process.on('message', (message) => {
  if (message !== 'memory') return;
  // What nobody refers to any more isn't held.
  globalThis.gc?.();
  process.send?.({ memory: process.memoryUsage() });
});

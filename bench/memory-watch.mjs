const LOOK_EVERY_MS = 20;

/** Watches this process's resident memory: `stop` tells how far it rose above what it was at the start. */
export function watchMemory() {
  globalThis.gc();
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    return peak - before;
  };
}

const DEFAULT_PORT = 3_000;
const MAX_PORT = 65_535;

/** @throws Error that names the variable, when it holds no port. */
export function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new Error(`PORT must be a number from 0 to ${String(MAX_PORT)}, not "${text.slice(0, 20)}"`);
}

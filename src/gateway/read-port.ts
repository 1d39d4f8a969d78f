const MAX_PORT = 65_535;

/** @throws Error that names the variable, when it holds no port. */
export function readPort(text: string | undefined, usual = 3_000, variable = 'PORT'): number {
  if (text === undefined || text === '') return usual;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new Error(`${variable} must be a number from 0 to ${String(MAX_PORT)}, not "${text.slice(0, 20)}"`);
}

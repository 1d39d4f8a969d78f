import { shownValue } from '../shown-value.js';
import { Check } from './check.js';

const METHODS = ['on', 'off', 'listeners', 'address', 'close'];

/** Node's HTTP server, and not what is made on top of it. May be left out. */
export function IsHttpServer(): PropertyDecorator {
  return Check('isHttpServer', (value) => {
    if (value === undefined) return undefined;
    const members = (typeof value === 'object' ? value : undefined) as Partial<
      Record<string, unknown>
    > | null;
    if (members != null && METHODS.every((name) => typeof members[name] === 'function')) return undefined;
    return `must be an HTTP server of Node: it is ${shownValue(value)}; give app.getHttpServer(), or what http.createServer() returns`;
  });
}

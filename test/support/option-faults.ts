import { HeartwireError } from '../../libs/heartwire/src/errors/heartwire-error.js';
import type { OptionFault } from '../../libs/heartwire/src/options/read-options.js';
import {
  resolveClientOptions,
  resolveServerOptions,
} from '../../libs/heartwire/src/options/resolve-options.js';
import { thrownBy } from './thrown.js';

/** What is wrong with options, in sentences. @throws Error when nothing is */
export function faultsOf(resolve: () => unknown): readonly string[] {
  const { details } = thrownBy(HeartwireError, resolve);
  return (details?.faults as readonly OptionFault[]).map(({ message }) => message);
}

export const serverFaults = (input: unknown): readonly string[] =>
  faultsOf(() => resolveServerOptions(input));
export const clientFaults = (input: unknown): readonly string[] =>
  faultsOf(() => resolveClientOptions(input));

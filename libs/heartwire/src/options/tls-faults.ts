import { type Address, isSecure, type Target } from './address.js';
import type { ClientOptions } from './client-options.js';
import type { OptionFault } from './read-options.js';
import { SecureContextOptions } from './tls-options.js';

// What is wrong between the urls and `tls`, or within `tls`: no member of it is wrong by itself.

/** @param requestCert whether clients must show certificates */
export function serverTlsFaults(
  addresses: readonly Address[],
  tls: SecureContextOptions,
  requestCert: boolean,
): OptionFault[] {
  if (!hasTls(addresses)) return isGiven(tls) || requestCert ? [useless()] : [];
  const faults = identityFaults(tls);
  return requestCert && tls.ca === undefined ? [...faults, trustsAnybody()] : faults;
}

export function clientTlsFaults(targets: readonly Target[], tls: ClientOptions['tls']): OptionFault[] {
  if (typeof tls === 'function') return hasTls(targets) ? [] : [useless()];
  if (hasTls(targets)) return hasOnlyOne(tls) ? [halfAnIdentity()] : [];
  return isGiven(tls) || tls.servername !== undefined || !tls.rejectUnauthorized ? [useless()] : [];
}

/** What a server must have to say who it is. */
function identityFaults(tls: SecureContextOptions): OptionFault[] {
  if (hasOnlyOne(tls)) return [halfAnIdentity()];
  if (tls.cert !== undefined || tls.pfx !== undefined) return [];
  const message =
    'tls must be given with cert and key for a tls:// or wss:// url: it has none; read both from their files';
  return [{ path: 'tls', message }];
}

/** Without an authority of one's own, a certificate that anybody can buy would be as good as any. */
function trustsAnybody(): OptionFault {
  const message =
    'tls.ca must be given with tls.requestCert: without it every public authority decides who comes in; give the authority that signs your clients';
  return { path: 'tls.ca', message };
}

function hasTls(targets: readonly Target[]): boolean {
  return targets.some(isSecure);
}

function isGiven(tls: SecureContextOptions): boolean {
  const names = Object.keys(new SecureContextOptions()) as (keyof SecureContextOptions)[];
  return names.some((name) => tls[name] !== undefined);
}

function hasOnlyOne({ cert, key }: SecureContextOptions): boolean {
  return (cert === undefined) !== (key === undefined);
}

function halfAnIdentity(): OptionFault {
  const message = 'tls must have cert and key together: it has only one of them; give the other too';
  return { path: 'tls', message };
}

/** To be silently in clear is the last thing that one who gives certificates wants. */
function useless(): OptionFault {
  const message =
    'tls must not be given without a tls:// or wss:// url: there is none; write tls:// instead of tcp://, wss:// instead of ws://';
  return { path: 'tls', message };
}

import { TLSSocket } from 'node:tls';

import type { PeerCertificate } from '../options/peer-certificate.js';

/** The certificate that the other end has shown, if it was asked for one and it is a good one. */
export function peerCertificateOf(carrier: unknown): PeerCertificate | undefined {
  if (!(carrier instanceof TLSSocket) || !carrier.authorized) return undefined;
  const certificate: Partial<PeerCertificate> = carrier.getPeerCertificate();
  return isWhole(certificate) ? certificate : undefined;
}

/** Node gives an empty object where there is no certificate. */
function isWhole(certificate: Partial<PeerCertificate>): certificate is PeerCertificate {
  return certificate.fingerprint256 !== undefined;
}

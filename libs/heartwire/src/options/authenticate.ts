import type { PeerCertificate } from './peer-certificate.js';

/** What a client says of itself when it wants to come in. Nothing of it is proven yet. */
export interface Credentials {
  /** The client's option `token`; `undefined` when it gives none. */
  readonly token: string | undefined;
  /** What it calls itself. */
  readonly name: string | undefined;
}

/** The connection over which a client wants to come in. */
export interface ConnectingPeer {
  /** Where it comes from, as `tls://10.0.0.7:51034`. */
  readonly remote: string;
  /** Verified; `undefined` without mutual TLS. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/**
 * Tells who a client is: what it returns, or its Promise, is `connection.identity`. To refuse it, throw, or give `undefined`, `null` or `false`: the client hears
 * the same words after the same time whatever was wrong.
 */
export type Authenticate = (credentials: Credentials, connection: ConnectingPeer) => unknown;

/** A token, or who has one: it is asked at each connect, so that it may give a fresh one. */
export type TokenSource = string | (() => string | Promise<string>);

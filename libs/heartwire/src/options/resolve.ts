/** What a name stands for. */
export type ResolveQuestion =
  /** `tcp://name:port`: the addresses of a host. */
  | { readonly kind: 'host'; readonly name: string; readonly port: number }
  /** `srv+tcp://name`: SRV records. */
  | { readonly kind: 'srv'; readonly name: string };

/** Where one server is. */
export interface ResolvedServer {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** Other addresses of this same server, its IPv4 beside its IPv6: whichever answers first is used. */
  readonly otherHosts?: readonly string[] | undefined;
  /** The servers of the lowest number are used while any of them can be reached, as with SRV records (RFC 2782). From 0. Default: 0. */
  readonly priority?: number | undefined;
  /** Where not all are used, how likely this one is against the others. From 0. Default: 1. */
  readonly weight?: number | undefined;
}

/**
 * Finds the servers behind a name. A rejection or an empty list says nothing about the servers that
 * are known already: they stay until another answer names others.
 */
export type Resolve = (question: ResolveQuestion) => Promise<readonly ResolvedServer[]>;

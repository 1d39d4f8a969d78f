/** Whom a certificate names, or who signed it. A part that stands there several times is an array. */
export interface CertificateName {
  /** The common name. */
  readonly CN?: string | readonly string[] | undefined;
  /** The organization. */
  readonly O?: string | readonly string[] | undefined;
  /** The part of it. */
  readonly OU?: string | readonly string[] | undefined;
}

/** The certificate of the other end, verified against `tls.ca`. The members are those that Node gives it. */
export interface PeerCertificate {
  readonly subject: CertificateName;
  readonly issuer: CertificateName;
  /** The names that it is good for: `DNS:orders.internal, URI:spiffe://prod/orders`. */
  readonly subjectaltname?: string | undefined;
  /** The begin of its validity, as `Nov 21 09:48:00 2026 GMT`. */
  readonly valid_from: string;
  /** The end of its validity, in the same form. */
  readonly valid_to: string;
  /** In hexadecimal digits. */
  readonly serialNumber: string;
  /** The SHA-256 of the whole certificate, as `AB:CD:…`: what to pin. */
  readonly fingerprint256: string;
  /** The certificate itself, as DER. */
  readonly raw: Uint8Array;
}

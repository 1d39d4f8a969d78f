import { IsPem, IsSecretText } from './checks/secrets.js';
import { HostName, OneOf, YesOrNo } from './checks/texts.js';

/** What a file of keys or certificates holds: PEM as a text, or bytes. */
export type FileContent = string | Uint8Array;

/** Who one is, whom one trusts, and how strong it must be. Names and meaning are those of `node:tls`. */
export class SecureContextOptions {
  /**
   * The authorities whose certificates are accepted, in PEM. Given, they replace the public ones.
   *
   * Default: the public authorities that Node knows. Set it to your own authority inside a company.
   */
  @IsPem()
  readonly ca: FileContent | readonly FileContent[] | undefined = undefined;

  /** The own certificate with those between it and the authority, in PEM. Default: none. */
  @IsPem()
  readonly cert: FileContent | readonly FileContent[] | undefined = undefined;

  /** The private key of `cert`, in PEM. Default: none. */
  @IsPem()
  readonly key: FileContent | readonly FileContent[] | undefined = undefined;

  /** What the key or `pfx` is encrypted with. Default: none. */
  @IsSecretText()
  readonly passphrase: string | undefined = undefined;

  /** Certificate and key in one PKCS#12 file, instead of `cert` and `key`. Default: none. */
  @IsPem()
  readonly pfx: FileContent | undefined = undefined;

  /** Lists of certificates that were revoked, in PEM. Default: none. */
  @IsPem()
  readonly crl: FileContent | readonly FileContent[] | undefined = undefined;

  /** The ciphers that may be used, as OpenSSL names them. Default: Node's. */
  @IsSecretText()
  readonly ciphers: string | undefined = undefined;

  /**
   * The oldest version of TLS that is spoken: `'TLSv1.2'` or `'TLSv1.3'`.
   *
   * Default: Node's, which is `'TLSv1.2'`. Set it to `'TLSv1.3'` where both ends are your own.
   */
  @OneOf('TLSv1.2', 'TLSv1.3')
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3' | undefined = undefined;
}

/** How a server speaks TLS. */
export class ServerTlsOptions extends SecureContextOptions {
  /** Whether clients must show a certificate that `ca` has signed (mutual TLS). Default false. */
  @YesOrNo()
  readonly requestCert: boolean = false;

  /**
   * Whether a client without a good certificate is turned away, with `requestCert`.
   *
   * Default true. Set it to false to let them in without a `peerCertificate`, while certificates are handed out.
   */
  @YesOrNo()
  readonly rejectUnauthorized: boolean = true;
}

/** How a client speaks TLS. */
export class ClientTlsOptions extends SecureContextOptions {
  /** The name that the server's certificate must have. Default: the host of the url. */
  @HostName()
  readonly servername: string | undefined = undefined;

  /** Whether a server without a good certificate is refused. Default true. To set it to false is to trust anybody. */
  @YesOrNo()
  readonly rejectUnauthorized: boolean = true;
}

/** What a user writes: everything may be left out. */
export type UserTls<Options> = { readonly [Key in keyof Options]?: Options[Key] | undefined };

/** Gives the TLS options of a client's next connection. */
export type AskForTls = () => UserTls<ClientTlsOptions> | Promise<UserTls<ClientTlsOptions>>;

/** Where a client's TLS options come from: a function, so that nothing that shows the client shows a key. */
export type ClientTlsSource =
  | { readonly isFixed: true; readonly read: () => ClientTlsOptions }
  /** What the user's function gives, checked. */
  | { readonly isFixed: false; readonly read: () => Promise<ClientTlsOptions> };

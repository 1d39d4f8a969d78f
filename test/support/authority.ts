import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';

import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Certificate and key, as `tls` wants them. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

interface IdentityOptions {
  /** DNS names and IP addresses. Default: `localhost` and both loopback addresses. */
  readonly names?: JsonGeneralNames;
  /** Default: in a day. */
  readonly notAfter?: Date;
  /** What its key is encrypted with. Default: nothing. */
  readonly passphrase?: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const LOOPBACK: JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
];

/** Signs certificates for one test: nothing that it makes is trusted anywhere else. */
export class Authority {
  private issued = 0;

  private constructor(
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly certificate: X509Certificate,
  ) {}

  static async create(name = 'Test authority'): Promise<Authority> {
    cryptoProvider.set(webcrypto);
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      extensions: [
        new BasicConstraintsExtension(true, 1, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(keys, certificate);
  }

  /** For `tls.ca`. */
  get ca(): string {
    return this.certificate.toString('pem');
  }

  /** A certificate for whoever is called so, good for servers and clients. */
  async issue(name: string, options: IdentityOptions = {}): Promise<Identity> {
    const { names = LOOPBACK, notAfter = new Date(Date.now() + DAY_MS), passphrase } = options;
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: String((this.issued += 1)).padStart(4, '0'),
      subject: `CN=${name}, O=Heartwire`,
      issuer: this.certificate.subject,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new SubjectAlternativeNameExtension(names),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ],
    });
    const key = PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
      'PRIVATE KEY',
    );
    return {
      cert: certificate.toString('pem'),
      key: passphrase === undefined ? key : encrypted(key, passphrase),
    };
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function encrypted(key: string, passphrase: string): string {
  return createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  }) as string;
}

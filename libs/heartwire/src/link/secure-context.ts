import { createSecureContext, type SecureContext, type SecureContextOptions as NodeOptions } from 'node:tls';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { FileContent, SecureContextOptions } from '../options/tls-options.js';

/** What `node:tls` makes a context of. */
export function nodeOptionsOf(tls: SecureContextOptions): NodeOptions {
  const { ca, cert, key, passphrase, pfx, crl, ciphers, minVersion } = tls;
  const given = {
    ca: contentOf(ca),
    cert: contentOf(cert),
    key: contentOf(key),
    passphrase,
    pfx: contentOf(pfx),
    crl: contentOf(crl),
    ciphers,
    minVersion,
  };
  // To Node, some of these are faults when they are there and undefined.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @throws HeartwireError `INVALID_OPTIONS` when a file is no certificate or key, or they don't belong together */
export function secureContextOf(tls: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(nodeOptionsOf(tls));
  } catch (cause) {
    const message = `tls can't be used: ${(cause as Error).message}`;
    throw new HeartwireError(ErrorCode.INVALID_OPTIONS, message, {
      details: { faults: [{ path: 'tls', message }] },
      cause,
    });
  }
}

type Content = string | Buffer;

function contentOf(
  content: FileContent | readonly FileContent[] | undefined,
): Content | Content[] | undefined {
  if (content === undefined || typeof content === 'string') return content;
  return content instanceof Uint8Array ? bytesOf(content) : content.map(each);
}

function each(content: FileContent): Content {
  return typeof content === 'string' ? content : bytesOf(content);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

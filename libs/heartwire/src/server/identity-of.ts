import { messageOf } from '../errors/thrown.js';
import type { Authenticate, ConnectingPeer, Credentials } from '../options/authenticate.js';

/** How much of what `authenticate` says goes to the log. */
const SHOWN_CHARACTERS = 200;
/** A shorter part of a token may be any word. */
const SECRET_PART_CHARACTERS = 4;

/**
 * Asks the user's function who a client is. Rejects to refuse it, with what the log of this end may show:
 * users put into the messages of their errors what they were given.
 */
export async function identityOf(
  authenticate: Authenticate,
  credentials: Credentials,
  connection: ConnectingPeer,
): Promise<unknown> {
  const { identity, why } = await askFor(authenticate, credentials, connection);
  if (identity === undefined || identity === null || identity === false) throw new Error(why);
  return identity;
}

/** What was thrown goes no further than here, since it may hold what must not be shown. */
async function askFor(
  authenticate: Authenticate,
  credentials: Credentials,
  connection: ConnectingPeer,
): Promise<{ identity?: unknown; why: string }> {
  try {
    return {
      identity: await authenticate(credentials, connection),
      why: 'authenticate knows nobody like that',
    };
  } catch (error) {
    return { why: withoutSecrets(messageOf(error), credentials.token ?? '').slice(0, SHOWN_CHARACTERS) };
  }
}

function withoutSecrets(message: string, token: string): string {
  const parts = [token, ...token.split(/[^\p{L}\p{N}]+/u)].filter(
    (part) => part.length >= SECRET_PART_CHARACTERS || part === token,
  );
  return parts.filter((part) => part !== '').reduce((text, part) => text.replaceAll(part, '***'), message);
}

/**
 * The other end broke the protocol. `message` says what was expected, for the people at that end;
 * it never repeats more than a few words of what they sent.
 */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';

  constructor(
    /** What the `error` message carries. */
    readonly code: 'PROTOCOL_ERROR' | 'FRAME_TOO_LARGE',
    message: string,
  ) {
    super(message);
  }
}

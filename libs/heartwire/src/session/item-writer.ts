import type { Outgoing } from '../protocol/outgoing.js';
import { encodedText } from './call-body.js';
import type { Codec } from './codec.js';
import { checkSize } from './message-size.js';

/** What those have in common who put the items of a stream into words: the user's serializer, and the size that fits. */
export abstract class ItemWriter {
  constructor(
    private readonly codec: Codec | undefined,
    /** The longest message that the other end takes. */
    private readonly limits: { readonly maxFrameBytes: number },
  ) {}

  /** Whether long bytes may be cut: a serializer wants to see whole items. */
  get cutsBytes(): boolean {
    return this.codec?.encode === undefined;
  }

  /** In the words of the serializer, if there is one. @throws HeartwireError `UNSERIALIZABLE` */
  protected encoded(packet: object): string | undefined {
    const encode = this.codec?.encode;
    return encode && encodedText(encode, packet);
  }

  /** @throws HeartwireError `FRAME_TOO_LARGE` */
  protected fitting(message: Outgoing): Outgoing {
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }
}

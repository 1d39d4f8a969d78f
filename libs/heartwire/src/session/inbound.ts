import { attachBytes, openEnvelope } from '../protocol/binary-envelope.js';
import { parseMessage } from '../protocol/message-parser.js';
import type { Message } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Codec } from './codec.js';

export interface InboundHost {
  receive(message: Message, frameBytes: number): void;
  /** A message could not be understood. */
  refuse(error: unknown): void;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Turns what a link delivers into known messages, once, and in the order in which it came. */
export class Inbound {
  /** Set while a user's deserializer is at work on an earlier message: the later ones wait for it. */
  private decoding: Promise<void> | undefined;

  constructor(
    private readonly host: InboundHost,
    private readonly codec: Codec | undefined,
  ) {}

  text(text: string, frameBytes: number): void {
    try {
      this.accept(parseJson(text), frameBytes);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  binary(envelope: Uint8Array): void {
    try {
      const { header, bytes } = openEnvelope(envelope);
      this.accept(attachBytes(parseJson(decodeUtf8(header)), bytes), envelope.byteLength);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  private accept(raw: unknown, frameBytes: number): void {
    const decode = this.codec?.decode;
    if (decode === undefined) this.host.receive(parseMessage(raw), frameBytes);
    else this.decodeThenReceive(decode, raw, frameBytes);
  }

  private decodeThenReceive(decode: (raw: unknown) => unknown, raw: unknown, frameBytes: number): void {
    const decoded = isControl(raw) ? raw : decode(raw);
    if (this.decoding === undefined && !(decoded instanceof Promise)) {
      this.host.receive(parseMessage(decoded), frameBytes);
      return;
    }
    const turn = (this.decoding ?? Promise.resolve())
      .then(async () => {
        this.host.receive(parseMessage(await decoded), frameBytes);
      })
      .catch((error: unknown) => {
        this.host.refuse(error);
      })
      .finally(() => {
        if (this.decoding === turn) this.decoding = undefined;
      });
    this.decoding = turn;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a message must be JSON');
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProtocolViolation('PROTOCOL_ERROR', "an envelope's header must be valid UTF-8");
  }
}

function isControl(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw;
}

import { attachBytes, openEnvelope } from '../protocol/binary-envelope.js';
import { joined } from '../protocol/joined.js';
import { parseHeader, parseJson } from '../protocol/message-json.js';
import { parseMessage } from '../protocol/message-parser.js';
import { ownMemory } from '../protocol/own-memory.js';
import { type ControlMessage, isControlMessage } from '../protocol/messages.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Codec } from './codec.js';
import type { Decoding, DecodingHost } from './decoding.js';
import { portionsOf } from './envelope-parts.js';
import type { EarlyMessage, Gate } from './early-message.js';
import type { SessionOwner } from './session-owner.js';

export interface InboundHost extends DecodingHost {
  /**
   * A counted message is here, whatever becomes of it (docs/protocol.md, section 4).
   *
   * @param isBulk it is a part of a stream of bytes, of which more may be here already
   */
  arrived(frameBytes: number, isBulk: boolean): void;
  receiveControl(message: ControlMessage): void;
}

/** Turns what a link delivers into known messages, once, and in the order in which it came. */
export class Inbound {
  /** Set as long as the other end isn't let in. */
  gate: Gate | undefined;
  /** Where there is a user's deserializer. */
  private readonly decoding: Decoding | undefined;
  /** The other end has said something. */
  private isIntroduced = false;

  /** @param maxWaitingBytes what may wait for a slow deserializer */
  constructor(
    private readonly host: InboundHost,
    codec: Codec | undefined,
    maxWaitingBytes: number,
    private readonly owner: Pick<SessionOwner, 'spoke'>,
  ) {
    this.decoding = codec?.decoding?.(host, maxWaitingBytes);
  }

  /** Whether a slow deserializer is at work. */
  get isDecoding(): boolean {
    return this.decoding?.isBusy === true;
  }

  /** A new session begins: what is still being decoded belonged to the old one. */
  restart(): void {
    this.decoding?.restart();
  }

  /** What came early has its turn now, as long as the session still listens: any of it, or who was told, may end that. */
  deliver(early: readonly EarlyMessage[], isListening: () => boolean): void {
    try {
      for (const { raw, frameBytes } of early) if (isListening()) this.accept(raw, frameBytes);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  text(text: string, frameBytes: number): void {
    try {
      this.accept(parseJson(text), frameBytes);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  /** @param parts the envelope, as it came */
  binary(parts: readonly Uint8Array[]): void {
    try {
      const portions = this.takesPortions ? portionsOf(parts) : undefined;
      if (portions === undefined) {
        this.envelope(joined(parts));
        return;
      }
      // One message on the wire.
      const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.host.arrived(bytes, true);
      for (const { message, frameBytes } of portions) this.host.receiveCall(message, frameBytes);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  /** The link itself could make nothing of what came. */
  refuse(violation: ProtocolViolation): void {
    this.host.refuse(violation);
  }

  /** A deserializer, or who waits to be let in, has a message as it was sent. */
  private get takesPortions(): boolean {
    return this.isIntroduced && !this.mayWait;
  }

  /** For a verdict, or a slow deserializer. */
  private get mayWait(): boolean {
    return this.gate !== undefined || this.decoding !== undefined;
  }

  private envelope(envelope: Uint8Array): void {
    const { header, bytes } = openEnvelope(envelope);
    const raw = attachBytes(parseHeader(header), this.mayWait ? ownMemory(bytes) : bytes);
    this.accept(raw, envelope.byteLength);
  }

  private accept(raw: unknown, frameBytes: number): void {
    if (this.owner.spoke !== undefined && !this.isIntroduced) {
      this.isIntroduced = true;
      this.owner.spoke();
    }
    if (this.gate?.holdsBack(raw, frameBytes) === true) return;
    if (this.decoding !== undefined && !hasType(raw)) {
      this.host.arrived(frameBytes, false);
      this.decoding.packet(raw, frameBytes);
      return;
    }
    const message = parseMessage(raw);
    if (isControlMessage(message)) {
      this.host.receiveControl(message);
      return;
    }
    this.host.arrived(frameBytes, false);
    if (this.decoding === undefined) this.host.receiveCall(message, frameBytes);
    else this.decoding.message(message, frameBytes);
  }
}

/** Control messages, and the calls' own `cancel` and `credit`, are no packets that a deserializer knows. */
function hasType(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw;
}

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { attachBytes, openEnvelope } from '../protocol/binary-envelope.js';
import { parseMessage } from '../protocol/message-parser.js';
import { type CallMessage, type ControlMessage, isControlMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Codec } from './codec.js';
import type { EarlyMessage, Gate } from './early-message.js';
import type { SessionOwner } from './session-owner.js';

export interface InboundHost {
  /** A counted message is here, whatever becomes of it (docs/protocol.md, section 4). */
  arrived(frameBytes: number): void;
  receiveCall(message: CallMessage, frameBytes: number): void;
  receiveControl(message: ControlMessage): void;
  /** A message could not be understood. */
  refuse(error: unknown): void;
}

/** What one may say who isn't let in yet. */
const GREETINGS: ReadonlySet<unknown> = new Set(['hello', 'ping', 'pong', 'heartbeat', 'error']);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Turns what a link delivers into known messages, once, and in the order in which it came. */
export class Inbound {
  /** Set as long as the other end isn't let in. */
  gate: Gate | undefined;
  /** Set while a user's deserializer is at work on an earlier message: the later ones wait for it. */
  private decoding: Promise<void> | undefined;
  /** Counts the sessions: what an earlier one still decodes is dropped. */
  private generation = 0;

  /** The other end has said something. */
  private isIntroduced = false;
  /** Bytes of messages that wait for their turn to be delivered. */
  private waitingBytes = 0;

  /** @param maxWaitingBytes what may wait for a slow deserializer */
  constructor(
    private readonly host: InboundHost,
    private readonly codec: Codec | undefined,
    private readonly maxWaitingBytes: number,
    private readonly owner: Pick<SessionOwner, 'heard'>,
  ) {}

  /** A new session begins: what is still being decoded belonged to the old one. */
  restart(): void {
    this.generation += 1;
    this.decoding = undefined;
    this.waitingBytes = 0;
  }

  /** What came early has its turn now. */
  deliver(early: readonly EarlyMessage[]): void {
    try {
      for (const { raw, frameBytes } of early) this.accept(raw, frameBytes);
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

  binary(envelope: Uint8Array): void {
    try {
      const { header, bytes } = openEnvelope(envelope);
      this.accept(attachBytes(parseJson(decodeUtf8(header)), bytes), envelope.byteLength);
    } catch (error) {
      this.host.refuse(error);
    }
  }

  /** The link itself could make nothing of what came. */
  refuse(violation: ProtocolViolation): void {
    this.host.refuse(violation);
  }

  private accept(raw: unknown, frameBytes: number): void {
    if (!this.isIntroduced) {
      this.isIntroduced = true;
      this.owner.heard?.();
    }
    if (this.gate !== undefined && !isGreeting(raw)) {
      this.gate.early(raw, frameBytes);
      return;
    }
    const decode = this.codec?.decode;
    if (decode !== undefined && !hasType(raw)) {
      this.host.arrived(frameBytes);
      this.decodeInTurn(decode, raw, frameBytes);
      return;
    }
    const message = parseMessage(raw);
    if (isControlMessage(message)) {
      this.host.receiveControl(message);
      return;
    }
    this.host.arrived(frameBytes);
    if (this.decoding === undefined) this.host.receiveCall(message, frameBytes);
    else this.deliverInTurn(Promise.resolve(message), frameBytes);
  }

  private decodeInTurn(decode: (raw: unknown) => unknown, raw: unknown, frameBytes: number): void {
    const decoded = decode(raw);
    if (decoded instanceof Promise) {
      this.deliverInTurn(decoded.then(parseCall), frameBytes);
    } else if (this.decoding === undefined) {
      this.host.receiveCall(parseCall(decoded), frameBytes);
    } else {
      this.deliverInTurn(Promise.resolve(parseCall(decoded)), frameBytes);
    }
  }

  private deliverInTurn(message: Promise<CallMessage>, frameBytes: number): void {
    // Its failure is handled in its turn, not before.
    message.catch(() => undefined);
    this.waitingBytes += frameBytes;
    if (this.waitingBytes > this.maxWaitingBytes) throw tooSlow(this.waitingBytes);
    const { generation } = this;
    const turn = (this.decoding ?? Promise.resolve())
      .then(async () => {
        const received = await message;
        if (generation !== this.generation) return;
        this.waitingBytes -= frameBytes;
        this.host.receiveCall(received, frameBytes);
      })
      .catch((error: unknown) => {
        if (generation === this.generation) this.host.refuse(error);
      })
      .finally(() => {
        if (this.decoding === turn) this.decoding = undefined;
      });
    this.decoding = turn;
  }
}

function tooSlow(waitingBytes: number): HeartwireError {
  const message = `${String(waitingBytes)} bytes wait for the deserializer`;
  return new HeartwireError(ErrorCode.OVERLOADED, message, { sent: 'maybe' });
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

function isGreeting(raw: unknown): boolean {
  return hasType(raw) && GREETINGS.has((raw as { type: unknown }).type);
}

/** Control messages, and the calls' own `cancel` and `credit`, are no packets that a deserializer knows. */
function hasType(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw;
}

function parseCall(decoded: unknown): CallMessage {
  const message = parseMessage(decoded);
  if (isControlMessage(message))
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a deserializer must not make control messages');
  return message;
}

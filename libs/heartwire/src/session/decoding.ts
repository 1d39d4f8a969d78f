import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { parseMessage } from '../protocol/message-parser.js';
import { type CallMessage, isControlMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';

export interface DecodingHost {
  receiveCall(message: CallMessage, frameBytes: number): void;
  /** A message could not be understood. */
  refuse(error: unknown): void;
  /** Nothing is being decoded any more. */
  allDecoded(): void;
}

/** Has a user's deserializer read packets, and delivers them in the order in which they came, however long it takes. */
export class Decoding {
  /** Set while the deserializer is at work on an earlier message: the later ones wait for it. */
  private turns: Promise<void> | undefined;
  /** Counts the sessions: what an earlier one still decodes is dropped. */
  private generation = 0;
  /** Bytes of messages that wait for their turn to be delivered. */
  private waitingBytes = 0;

  /** @param maxWaitingBytes what may wait for a slow deserializer */
  constructor(
    private readonly decode: (raw: unknown) => unknown,
    private readonly host: DecodingHost,
    private readonly maxWaitingBytes: number,
  ) {}

  /** Whether there is what was received and is not delivered yet. */
  get isBusy(): boolean {
    return this.turns !== undefined;
  }

  /** A new session begins: what is still being decoded belonged to the old one. */
  restart(): void {
    this.generation += 1;
    this.turns = undefined;
    this.waitingBytes = 0;
  }

  /** @throws ProtocolViolation, HeartwireError `OVERLOADED`, and what the deserializer throws */
  packet(raw: unknown, frameBytes: number): void {
    const decoded = this.decode(raw);
    if (decoded instanceof Promise) this.deliverInTurn(decoded.then(parseCall), frameBytes);
    else this.message(parseCall(decoded), frameBytes);
  }

  /** A message that needs no decoding, or not any more. @throws HeartwireError `OVERLOADED` */
  message(message: CallMessage, frameBytes: number): void {
    if (this.turns === undefined) this.host.receiveCall(message, frameBytes);
    else this.deliverInTurn(Promise.resolve(message), frameBytes);
  }

  private deliverInTurn(message: Promise<CallMessage>, frameBytes: number): void {
    // Its failure is handled in its turn, not before.
    message.catch(() => undefined);
    this.waitingBytes += frameBytes;
    if (this.waitingBytes > this.maxWaitingBytes) throw tooSlow(this.waitingBytes);
    const { generation } = this;
    const turn = (this.turns ?? Promise.resolve())
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
        if (this.turns !== turn) return;
        this.turns = undefined;
        this.host.allDecoded();
      });
    this.turns = turn;
  }
}

function tooSlow(waitingBytes: number): HeartwireError {
  const message = `${String(waitingBytes)} bytes wait for the deserializer`;
  return new HeartwireError(ErrorCode.OVERLOADED, message, { sent: 'maybe' });
}

function parseCall(decoded: unknown): CallMessage {
  const message = parseMessage(decoded);
  if (isControlMessage(message))
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a deserializer must not make control messages');
  return message;
}

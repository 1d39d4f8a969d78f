import { cancelText } from '../protocol/message-text.js';
import { ChunkWriter } from './chunk-writer.js';
import type { Codec } from './codec.js';
import type { OutgoingCall, Upload } from './outgoing-call.js';
import { type BulkRoom, INITIAL_CREDIT, OutgoingStream, type StreamBounds } from './outgoing-stream.js';

/** What the streams that go with calls need. */
export interface UploadsHost {
  readonly codec: Codec | undefined;
  readonly outbox: BulkRoom;
}

export interface UploadsWatcher {
  /** A call waits for the other end now, or only for its own source. */
  moved(call: OutgoingCall, isHeldUp: boolean): void;
  /** The source of a call's stream failed, and the other end was told: another call may take its place. */
  failed(call: OutgoingCall): void;
}

/** The streams that callers send with their calls. */
export class Uploads {
  private readonly words: ChunkWriter;

  constructor(
    private readonly host: UploadsHost,
    private readonly limits: StreamBounds,
    private readonly watcher: UploadsWatcher,
  ) {
    this.words = new ChunkWriter(host.codec, limits);
  }

  /** The call was sent: its stream follows. A source that fails ends the call with its error. */
  begin(call: OutgoingCall, { source, overflow }: Upload): void {
    const { id } = call;
    const { outbox } = this.host;
    const streamHost = {
      marksLast: false,
      cutsBytes: this.words.cutsBytes,
      item: (value: unknown, _: boolean, more: boolean) =>
        more ? this.words.piece(id, value as Uint8Array) : this.words.item(id, value),
      end: () => this.words.end(id),
      failure: (error: unknown) => this.words.failure(id, error),
      finished: (error?: unknown) => {
        if (error === undefined || call.keeper === undefined) return;
        // Behind the failure, which its handler hears first: nobody waits for its answer any more.
        outbox.pushBulk(cancelText(id));
        outbox.afterBulk(() => {
          this.watcher.failed(call);
        });
        call.fail(error);
      },
      stoppedWith: () => undefined,
      waitsFor: (side: 'receiver' | 'source') => {
        if (!call.isStreaming && call.keeper !== undefined) this.watcher.moved(call, side === 'receiver');
      },
    };
    call.stream = new OutgoingStream(streamHost, outbox, this.limits, INITIAL_CREDIT, overflow);
    call.stream.start(source);
  }
}

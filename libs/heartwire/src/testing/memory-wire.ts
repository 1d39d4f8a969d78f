import { nodeFrameEncoder } from '../link/node-runtime.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import { MemoryLane } from './memory-lane.js';
import { MemoryLink } from './memory-link.js';

export type WireEnd = 'dialling' | 'accepting';

/** How a wire of memory behaves. */
export interface MemoryWireSettings {
  /** How long each piece of bytes takes, in ms. Default: 0. */
  readonly delayMs?: () => number;
  /** How many bytes arrive at once at most. Default: all. */
  readonly pieceBytes?: () => number;
  /** So many bytes on their way make `send` say that it is full. Default: 64 KiB. */
  readonly highWaterBytes?: number;
  /** Default: one of its own. */
  readonly encoder?: FrameEncoder;
  /** Sees each JSON message that arrives, and who sent it. */
  readonly onText?: (from: WireEnd, text: string) => void;
}

/**
 * Two links that are each other's other end, in memory: the real frames, cut into pieces and broken as
 * a test wants it. With timers that a test drives, everything on it is deterministic.
 *
 * @example
 * const wire = new MemoryWire({ pieceBytes: () => 1 });
 * server.attach(wire.accepting);
 * client.attach(wire.dialling);
 * wire.cutAfter('dialling', 17);
 */
export class MemoryWire {
  readonly dialling: MemoryLink;
  readonly accepting: MemoryLink;

  private readonly there: MemoryLane;
  private readonly back: MemoryLane;

  constructor(settings: MemoryWireSettings = {}) {
    const { encoder = nodeFrameEncoder(), highWaterBytes = 65_536, onText } = settings;
    this.there = new MemoryLane(settings);
    this.back = new MemoryLane(settings);
    const end = (other: WireEnd, outward: MemoryLane, inward: MemoryLane): MemoryLink =>
      new MemoryLink(`memory://${other}`, outward, inward, {
        encoder,
        highWaterBytes,
        onText: onText && ((text) => onText(other, text)),
      });
    this.dialling = end('accepting', this.there, this.back);
    this.accepting = end('dialling', this.back, this.there);
  }

  /** Breaks at both ends now; what is on its way is lost. */
  cut(): void {
    for (const lane of [this.there, this.back]) lane.drop();
    for (const link of [this.dialling, this.accepting]) link.break('the wire was cut');
  }

  /** Breaks once so many further bytes of one end have arrived. */
  cutAfter(from: WireEnd, bytes: number): void {
    this.laneFrom(from).cutAfter(bytes, () => {
      this.cut();
    });
  }

  /** Breaks at one end only. What it has sent still arrives; then the other end hears nothing more, not even an end. */
  breakAt(end: WireEnd): void {
    this.laneFrom(end).silence();
    this.laneFrom(end === 'dialling' ? 'accepting' : 'dialling').drop();
    this[end].break('the wire broke here');
  }

  /** Swallows what one end says from now on; neither end is told. */
  swallow(from: WireEnd): void {
    this.laneFrom(from).silence();
  }

  private laneFrom(end: WireEnd): MemoryLane {
    return end === 'dialling' ? this.there : this.back;
  }
}

import { monotonicClock } from '../timing/clock.js';

/** Instances that are remembered at once, those included that are gone: late copies of what they said may follow. */
const MAX_PEERS = 1_024;

/** Another instance, as far as its entries tell. */
export interface Peer {
  readonly name: string;
  /** The last that was heard of it. */
  sequence: number;
  /** When that was, on the monotonic clock. */
  heardAt: number;
  /** Whether its clients are known, so that what happens to them can be followed. */
  isKnown: boolean;
  /** Whether it was asked for them. */
  isAsked: boolean;
  /** It said goodbye, or was silent for too long. */
  isGone: boolean;
}

/** What an entry is to those before it: `missed` tells how many are missing in between. */
export type Heard =
  | { readonly peer: Peer; readonly missed: number; readonly isRepeated: false }
  | { readonly isRepeated: true };

/** The other instances: which of their entries were heard, and who is still there. */
export class Peers {
  /** The one that was heard last at the end. */
  private readonly peers = new Map<string, Peer>();

  /** An entry by its sender and sequence. Each is heard once, in order. */
  hear(name: string, sequence: number): Heard {
    const known = this.peers.get(name);
    if (known !== undefined && sequence <= known.sequence) return { isRepeated: true };
    const heardAt = monotonicClock.now();
    const missed = known === undefined ? 0 : sequence - known.sequence - 1;
    const peer = known ?? { name, sequence, heardAt, isKnown: false, isAsked: false, isGone: false };
    if (missed > 0 || peer.isGone) Object.assign(peer, { isKnown: false, isAsked: false });
    Object.assign(peer, { sequence, heardAt, isGone: false });
    this.peers.delete(name);
    this.peers.set(name, peer);
    return { peer, missed, isRepeated: false };
  }

  /** Who has to be forgotten, as there are too many. */
  crowdedOut(): Peer | undefined {
    if (this.peers.size <= MAX_PEERS) return undefined;
    const [first] = this.peers.values();
    if (first !== undefined) this.peers.delete(first.name);
    return first;
  }

  /** Gives everybody the whole time again: while this instance was away it could hear nobody. */
  begin(): void {
    const now = monotonicClock.now();
    for (const peer of this.peers.values()) peer.heardAt = now;
  }

  /** Those that had been silent for so long at that moment. All that they had said by then must have been heard. */
  silentAt(moment: number, timeoutMs: number): readonly Peer[] {
    return [...this.peers.values()].filter(({ isGone, heardAt }) => !isGone && moment - heardAt > timeoutMs);
  }
}

import { messageOf } from '../errors/thrown.js';
import type { HubClient, HubMember } from '../options/hub-adapter.js';
import { type Entry, type Notice, readEntry } from './entry.js';
import { type Peer, Peers } from './peers.js';
import type { RawEntry } from './redis-connection.js';
import { ThrottledWarning } from './throttled-warning.js';

/** Clients in one part of a state: fewer where they would make an entry too long. */
const CLIENTS_IN_PART = 200;

type State = Extract<Notice, { readonly type: 'state' }>;

export interface InstanceProtocolSettings {
  readonly name: string;
  readonly maxEntryBytes: number;
  readonly heartbeatTimeoutMs: number;
}

/** The instance that hears them all. */
export interface InstanceProtocolHost {
  say(notice: Notice, to?: string): void;
  /** It has heard itself. */
  heardOwn(sequence: number): void;
}

/**
 * What the instances say to each other over the stream, as one of them hears it: each entry of each instance once and
 * in order, whatever comes twice; presence only of those whose state is known, which are asked for it first.
 */
export class InstanceProtocol {
  private readonly peers = new Peers();
  /** Parts of states that are not complete yet. */
  private readonly parts = new Map<Peer, HubClient[]>();
  private readonly unreadable: ThrottledWarning;
  private readonly missed: ThrottledWarning;
  private readonly tooLong: ThrottledWarning;

  constructor(
    private readonly settings: InstanceProtocolSettings,
    private readonly member: HubMember,
    private readonly own: InstanceProtocolHost,
  ) {
    const warn = (message: string): void => {
      member.logger.warn(message);
    };
    this.unreadable = new ThrottledWarning(warn);
    this.missed = new ThrottledWarning(warn);
    this.tooLong = new ThrottledWarning(warn);
  }

  /** An entry of the stream, whoever wrote it. */
  take(raw: RawEntry): void {
    try {
      this.follow(readEntry(raw, this.settings.maxEntryBytes));
    } catch (error) {
      const why = messageOf(error).slice(0, 200);
      this.unreadable.give(`An entry of the Redis stream (${raw.id}) is ignored: ${why}`);
    }
  }

  /** There is a connection again. */
  begin(): void {
    this.peers.begin();
  }

  /** Lets those go that had been silent for too long when this was read, with all that was there to read. */
  judge(readAt: number): void {
    for (const peer of this.peers.silentAt(readAt, this.settings.heartbeatTimeoutMs)) this.lose(peer);
  }

  private follow({ from, sequence, to, notice }: Entry): void {
    const { name } = this.settings;
    if (from === name) {
      this.own.heardOwn(sequence);
      return;
    }
    const heard = this.peers.hear(from, sequence);
    if (heard.isRepeated) return;
    const { peer, missed } = heard;
    const crowdedOut = this.peers.crowdedOut();
    if (crowdedOut !== undefined) this.lose(crowdedOut);
    if (missed > 0) this.tellMissed(peer, missed);
    // What is for others shows only that the instance is there.
    const read = to === undefined || to === name ? notice() : undefined;
    if (read !== undefined) this.heed(peer, read);
    if (peer.isKnown || peer.isGone || this.parts.has(peer)) return;
    if (peer.isAsked && read?.type !== 'beat') return;
    peer.isAsked = true;
    this.own.say({ type: 'ask' }, from);
  }

  private heed(peer: Peer, notice: Notice): void {
    switch (notice.type) {
      case 'beat':
        break;
      case 'hello':
        peer.isKnown = true;
        this.member.learn(peer.name, []);
        this.sayState(peer.name);
        break;
      case 'bye':
        this.lose(peer);
        break;
      case 'ask':
        this.sayState(peer.name);
        break;
      case 'missed':
        this.member.miss(peer.name);
        break;
      case 'state':
        this.takeState(peer, notice);
        break;
      case 'presence':
        if (peer.isKnown) this.member.hear(peer.name, notice);
        break;
      default:
        this.member.hear(peer.name, notice);
    }
  }

  private takeState(peer: Peer, { isFirst, isLast, clients }: State): void {
    const before = isFirst ? [] : this.parts.get(peer);
    this.parts.delete(peer);
    // A part without the first one belongs to a state that was missed: it is asked for again.
    if (before === undefined) return;
    const all = [...before, ...clients];
    if (!isLast) {
      this.parts.set(peer, all);
      return;
    }
    peer.isKnown = true;
    this.member.learn(peer.name, all);
  }

  private sayState(to: string): void {
    const clients = this.member.clients();
    for (let at = 0; at === 0 || at < clients.length; at += CLIENTS_IN_PART) {
      const part = clients.slice(at, at + CLIENTS_IN_PART);
      const isLast = at + CLIENTS_IN_PART >= clients.length;
      this.sayPart({ type: 'state', isFirst: at === 0, isLast, clients: part }, to);
    }
  }

  /** In two halves where it is longer than an entry may be: identities and rooms take what they take. */
  private sayPart(part: State, to: string): void {
    const { clients } = part;
    try {
      this.own.say(part, to);
    } catch (error) {
      const [first] = clients;
      if (first === undefined) throw error;
      if (clients.length === 1) {
        this.tooLong.give(`Other instances don't hear of ${first.clientId}: ${messageOf(error)}`);
        this.sayPart({ ...part, clients: [] }, to);
        return;
      }
      const half = Math.ceil(clients.length / 2);
      this.sayPart({ ...part, isLast: false, clients: clients.slice(0, half) }, to);
      this.sayPart({ ...part, isFirst: false, clients: clients.slice(half) }, to);
    }
  }

  private lose(peer: Peer): void {
    peer.isGone = true;
    this.parts.delete(peer);
    this.member.lose(peer.name);
  }

  private tellMissed(peer: Peer, missed: number): void {
    // A part of a state may be among what is missing.
    this.parts.delete(peer);
    this.missed.give(
      `${String(missed)} entries of the Redis stream were gone before they were read: their pushes are lost, and presence is asked for again`,
    );
    this.member.miss(peer.name);
    this.own.say({ type: 'missed' }, peer.name);
  }
}

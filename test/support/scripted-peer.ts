import { jest } from '@jest/globals';

import type { HeartwireError } from '../../libs/heartwire/src/errors/heartwire-error.js';
import type { Link } from '../../libs/heartwire/src/link/link.js';

/** What goes over the wire, as JSON. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** The other end of a link, played by a test: it says what it is told to, and notes what it hears. */
export class ScriptedPeer {
  readonly heard: WireMessage[] = [];
  hasEnded = false;
  isClosed = false;
  closedWith: HeartwireError | undefined;

  constructor(readonly link: Link) {
    link.open({
      text: (text) => this.heard.push(JSON.parse(text) as WireMessage),
      binary: () => undefined,
      violated: () => undefined,
      writable: () => undefined,
      peerEnded: () => {
        this.hasEnded = true;
      },
      closed: (error) => {
        this.isClosed = true;
        this.closedWith = error;
      },
    });
  }

  /** Says so, and lets it arrive. */
  say(...messages: readonly WireMessage[]): void {
    this.link.send(messages.map((message) => JSON.stringify(message)));
    settle();
  }

  /** Says what isn't JSON. */
  sayRaw(text: string): void {
    this.link.send([text]);
    settle();
  }

  /** What it heard of one type; calls have none. */
  heardOf(type: string | undefined): readonly WireMessage[] {
    return this.heard.filter((message) => message['type'] === type);
  }
}

/** Lets what is on its way arrive, in virtual time. */
export function settle(): void {
  jest.advanceTimersByTime(20);
}

export const WELCOME: WireMessage = {
  type: 'welcome',
  protocol: 1,
  clientId: 'c-1',
  heartbeatInterval: 1_000,
  heartbeatTimeout: 2_000,
  maxFrameBytes: 65_536,
  maxInFlight: 100,
  authentication: 'none',
};

export const READY: WireMessage = {
  type: 'ready',
  session: 'c-1',
  secret: 'a secret',
  resumed: false,
  received: 0,
  heartbeatInterval: 1_000,
  heartbeatTimeout: 2_000,
};

export const HELLO: WireMessage = { type: 'hello', protocol: 1 };

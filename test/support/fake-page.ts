import type { Platform, WebSocketLike } from '../../libs/heartwire/src/browser/platform.js';
import { READY, WELCOME, type WireMessage } from './scripted-peer.js';

/** A WebSocket whose server a test plays. */
export class FakeWebSocket extends EventTarget implements WebSocketLike {
  bufferedAmount = 0;
  binaryType = 'blob';
  readonly sent: (string | Uint8Array)[] = [];
  isClosedHere = false;

  constructor(readonly url: string) {
    super();
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.isClosedHere = true;
  }

  open(): this {
    this.dispatchEvent(new Event('open'));
    return this;
  }

  /** Opens, and greets as a server does. */
  greet(ready: WireMessage = {}): this {
    return this.open().say(WELCOME, { ...READY, ...ready });
  }

  say(...messages: readonly WireMessage[]): this {
    for (const message of messages) this.deliver(JSON.stringify(message));
    return this;
  }

  deliver(data: string | ArrayBuffer): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  /** It fails before it is open, or is lost. */
  break(code = 1_006): void {
    this.dispatchEvent(new Event('error'));
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
  }

  /** What was sent as JSON; of calls only those with an id or a pattern, of the rest those of a type. */
  heardOf(type: string | undefined): readonly WireMessage[] {
    return this.sent
      .filter((data) => typeof data === 'string')
      .map((text) => JSON.parse(text) as WireMessage)
      .filter((message) => message['type'] === type);
  }
}

/** A page whose network and visibility a test plays. */
export class FakePage extends EventTarget implements Platform {
  readonly sockets: FakeWebSocket[] = [];
  readonly WebSocket: new (url: string) => FakeWebSocket;
  readonly location = { href: 'https://chat.example/rooms?as=ann' };
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  /** How many listeners it and its document have now. */
  listeners = 0;

  constructor() {
    super();
    this.count(this);
    this.count(this.document);
    const { sockets } = this;
    this.WebSocket = class extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
  }

  /** The one that was opened last. */
  get socket(): FakeWebSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error('no WebSocket was opened');
    return last;
  }

  tell(event: 'online' | 'offline'): void {
    this.dispatchEvent(new Event(event));
  }

  becomes(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  private count(target: EventTarget): void {
    const { addEventListener, removeEventListener } = target;
    Object.assign(target, {
      addEventListener: (type: string, listener: () => void) => {
        this.listeners += 1;
        addEventListener.call(target, type, listener);
      },
      removeEventListener: (type: string, listener: () => void) => {
        this.listeners -= 1;
        removeEventListener.call(target, type, listener);
      },
    });
  }
}

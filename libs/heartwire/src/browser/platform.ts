/** What a `WebSocket` is here: the browser's own, Node's, or that of the package `ws`. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  // So that the types of a browser, of Node and of `ws` all fit.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  addEventListener(type: string, listener: (event: any) => void): void;
}

export type WebSocketClass = new (url: string) => WebSocketLike;

/** The part of an `EventTarget` that is used: of a window, or a document. */
interface EventTargetLike {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The page, as far as it is used here. All of it is missing in Node, and some of it in a worker. */
export interface Platform extends Partial<EventTargetLike> {
  readonly WebSocket?: WebSocketClass;
  readonly location?: { readonly href: string };
  readonly document?: EventTargetLike & { readonly visibilityState: string };
}

/** One event of a server-sent event stream; a comment has no data. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly data: string | undefined;
  readonly comment: string | undefined;
}

/** Reads server-sent events over `fetch`, as they come. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  readonly status: number;
  /** Resolves when the server ends the stream; rejects when the connection breaks. */
  readonly ended: Promise<void>;
  private readonly waiting = new Set<() => void>();

  private constructor(
    response: Response,
    private readonly abort: AbortController,
  ) {
    this.status = response.status;
    this.ended = this.read(response.body);
    // Whoever closes it by hand need not look.
    this.ended.catch(() => undefined);
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const abort = new AbortController();
    return new EventStream(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  /** The `data` of the events that have some, parsed. */
  get data(): readonly unknown[] {
    return this.events.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as unknown]));
  }

  get comments(): readonly string[] {
    return this.events.flatMap(({ comment }) => comment ?? []);
  }

  /** Resolves as soon as what has come so far is enough. */
  async until(isEnough: (stream: this) => boolean): Promise<void> {
    while (!isEnough(this)) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  close(): void {
    this.abort.abort();
  }

  private async read(body: ReadableStream<Uint8Array> | null): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      this.events.push(...blocks.flatMap(parseEvent));
      for (const wake of this.waiting) wake();
      this.waiting.clear();
    }
  }
}

function parseEvent(block: string): StreamEvent[] {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (line !== '') fields.set(name, value);
  }
  if (fields.size === 0) return [];
  return [
    { id: fields.get('id'), type: fields.get('event'), data: fields.get('data'), comment: fields.get('') },
  ];
}

/** Where something is said: in a room, or to one person. */
export type Place = { readonly room: string } | { readonly nick: string };

/** What a user wants and the chat has not confirmed. */
export type Draft =
  | {
      readonly type: 'say';
      readonly draftId: string;
      readonly to: Place;
      readonly text: string;
    }
  /** In its turn: after what was said in the room before. */
  | { readonly type: 'leave'; readonly room: string };

export interface OutboxOwner {
  send(draft: Draft): Promise<void>;
  /** What becomes of a draft that could not be sent. Takes its time where it is better to wait. */
  failed(draft: Draft, thrown: unknown): Promise<'keep' | 'drop'>;
}

/** As many may wait to be sent. */
export const MAX_DRAFTS = 1_000;

/** Sends one after the other while it is open, so that all is stored in the order in which it was written. */
export class Outbox {
  private readonly drafts: Draft[] = [];
  private isSending = false;
  private isOpen = false;

  constructor(private readonly owner: OutboxOwner) {}

  get size(): number {
    return this.drafts.length;
  }

  /** @throws Error when as many wait as may */
  add(draft: Draft): void {
    if (this.drafts.length >= MAX_DRAFTS) throw new Error(`${String(MAX_DRAFTS)} messages wait already`);
    this.drafts.push(draft);
    void this.send();
  }

  open(): void {
    this.isOpen = true;
    void this.send();
  }

  close(): void {
    this.isOpen = false;
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    for (let [draft] = this.drafts; this.isOpen && draft !== undefined; [draft] = this.drafts) {
      if (await this.isDone(draft)) this.drafts.shift();
    }
    this.isSending = false;
  }

  private async isDone(draft: Draft): Promise<boolean> {
    try {
      await this.owner.send(draft);
      return true;
    } catch (thrown) {
      return (await this.owner.failed(draft, thrown)) === 'drop';
    }
  }
}

import { ChatLimits } from '../contract/chat-limits.js';

/** Something that was said, as it is shown. */
export interface SaidLine {
  readonly type: 'said';
  /** The message's own, or the whisper's. */
  readonly id: string;
  readonly author: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
  readonly draftId: string | undefined;
}

/** Something that was written here and is not confirmed. */
export interface DraftLine {
  readonly type: 'draft';
  readonly id: string;
  readonly text: string;
}

export type Line = SaidLine | DraftLine;

/** What one conversation shows: what was said, each once, in the order of its time; then what waits to be sent. */
export class ConversationLog {
  private said: readonly SaidLine[] = [];
  private drafts: readonly DraftLine[] = [];

  get lines(): readonly Line[] {
    return [...this.said, ...this.drafts];
  }

  /** How much was written here and is not confirmed. */
  get waiting(): number {
    return this.drafts.length;
  }

  /** Returns whether it is new. */
  add(line: SaidLine): boolean {
    const { draftId } = line;
    if (draftId !== undefined) this.drop(draftId);
    if (this.said.some(({ id }) => id === line.id)) return false;
    const before = this.said.findLastIndex(({ at }) => at <= line.at) + 1;
    this.said = this.said.toSpliced(before, 0, line).slice(-ChatLimits.messagesPerRoom);
    return true;
  }

  expect(id: string, text: string): void {
    this.drafts = [...this.drafts, { type: 'draft', id, text }];
  }

  expects(id: string): boolean {
    return this.drafts.some((draft) => draft.id === id);
  }

  /** It is sent, or won't be. */
  drop(id: string): void {
    this.drafts = this.drafts.filter((draft) => draft.id !== id);
  }
}

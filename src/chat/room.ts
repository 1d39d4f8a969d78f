import type { ChatMessage } from '../contract/chat-message.js';

interface Entry {
  readonly number: number;
  readonly message: ChatMessage;
}

/** The newest messages of one room. */
export class Room {
  private readonly entries: Entry[] = [];

  constructor(private readonly maxMessages: number) {}

  get size(): number {
    return this.entries.length;
  }

  add(number: number, message: ChatMessage): void {
    this.entries.push({ number, message });
    if (this.entries.length > this.maxMessages) this.entries.shift();
  }

  latest(count: number): readonly ChatMessage[] {
    return this.entries.slice(-count).map(({ message }) => message);
  }

  /** Numbers grow, so that a number that is no longer kept still tells what is newer. */
  after(number: number): readonly ChatMessage[] {
    return this.entries.filter((entry) => entry.number > number).map(({ message }) => message);
  }
}

import { randomBytes } from 'node:crypto';

/**
 * Gives messages their ids: `<run>-<number>`. The run tells the messages of this process from those
 * of the one before, which began to count at 1 as well.
 */
export class MessageNumbering {
  private readonly run = randomBytes(6).toString('hex');
  private last = 0;

  next(): { readonly id: string; readonly number: number } {
    this.last += 1;
    return { id: this.id(this.last), number: this.last };
  }

  /** The id that the newest message has. */
  get cursor(): string {
    return this.id(this.last);
  }

  /** The number behind an id; 0, before all messages, for an id of another run. */
  numberOf(id: string): number {
    const [run, number] = id.split('-');
    const known = run === this.run ? Number(number) : 0;
    return Number.isSafeInteger(known) ? known : 0;
  }

  private id(number: number): string {
    return `${this.run}-${String(number)}`;
  }
}

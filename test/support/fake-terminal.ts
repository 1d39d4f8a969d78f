import { PassThrough, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';

// eslint-disable-next-line no-control-regex -- what moves the cursor and clears
const PIECE = /\u001b\[(\d*)([AGJ])|[^\u001b]/gu;

/** A terminal that is high enough, with what would be seen on it. Characters are one column wide. */
export class FakeTerminal {
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => undefined,
  }) as unknown as ReadStream;
  readonly output: WriteStream;
  private readonly rows: string[][] = [[]];
  private row = 0;
  private column = 0;

  constructor(private readonly columns: number) {
    const write = (text: string): void => this.write(text);
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        write(chunk.toString());
        done();
      },
    });
    this.output = Object.assign(output, { isTTY: true, columns }) as unknown as WriteStream;
  }

  /** Its rows from the top on, the empty ones at the end left out. */
  get seen(): readonly string[] {
    const rows = this.rows.map((row) => row.join('').trimEnd());
    return rows.join('\n').trimEnd().split('\n');
  }

  type(text: string): void {
    this.input.emit('data', Buffer.from(text));
  }

  private write(text: string): void {
    for (const [piece, count = '', move] of text.matchAll(PIECE)) {
      const by = count === '' ? 1 : Number(count);
      if (move === 'A') this.row = Math.max(0, this.row - by);
      else if (move === 'G') this.column = by - 1;
      else if (move === 'J') this.clearDown();
      else if (piece === '\r') this.column = 0;
      else if (piece === '\n') this.down();
      else this.put(piece);
    }
  }

  private put(character: string): void {
    if (this.column === this.columns) {
      this.column = 0;
      this.down();
    }
    this.here[this.column] = character;
    this.column += 1;
  }

  private down(): void {
    this.column = 0;
    this.row += 1;
    this.rows[this.row] ??= [];
  }

  private clearDown(): void {
    this.here.length = Math.min(this.here.length, this.column);
    this.rows.splice(this.row + 1);
  }

  private get here(): string[] {
    return (this.rows[this.row] ??= []);
  }
}

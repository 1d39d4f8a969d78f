import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';

/** Where the chat is shown, and what is typed comes from. */
export interface Screen {
  print(text: string): void;
  prompt(text: string): void;
}

/** A terminal, with what is being typed always at the bottom; or a pipe, without a prompt. */
export class LineScreen implements Screen {
  readonly isTerminal: boolean;
  readonly lines: Interface;
  private isOpen = true;
  /** How many rows what was entered last takes, with its prompt, apart from the first one. */
  private enteredRows = 0;

  constructor(
    input: NodeJS.ReadStream,
    private readonly output: NodeJS.WriteStream,
  ) {
    // A dumb one has no cursor to move.
    this.isTerminal = input.isTTY && output.isTTY && process.env.TERM !== 'dumb';
    this.lines = createInterface({ input, output, terminal: this.isTerminal });
    this.lines.once('close', () => {
      this.erasePrompt();
      this.isOpen = false;
    });
    // Nobody reads any more what is printed.
    output.on('error', () => this.lines.close());
    if (this.isTerminal) this.eraseWhatIsEntered(input);
  }

  print(text: string): void {
    this.erasePrompt();
    this.output.write(`${text}\n`);
    this.writePrompt();
  }

  prompt(text: string): void {
    this.erasePrompt();
    this.lines.setPrompt(text);
    this.writePrompt();
  }

  /** It is shown in its place in the room instead. */
  private eraseWhatIsEntered(input: NodeJS.ReadStream): void {
    // Before the line is entered: afterwards nobody knows how many rows it had.
    input.prependListener('keypress', (_text, key?: { readonly name?: string }) => {
      if (!this.isOpen) return;
      this.agreeOnRows();
      if (key?.name !== 'return' && key?.name !== 'enter') return;
      this.lines.write(null, { ctrl: true, name: 'e' });
      this.enteredRows = this.agreeOnRows();
    });
    this.lines.on('line', () => {
      this.erase(this.enteredRows + 1);
      this.lines.prompt();
    });
  }

  private erasePrompt(): void {
    if (!this.isTerminal || !this.isOpen) return;
    this.erase(this.agreeOnRows());
    this.readlineTakesForRows(0);
  }

  private writePrompt(): void {
    if (this.isTerminal && this.isOpen) this.lines.prompt(true);
  }

  /**
   * How many rows the prompt, and what is being typed, have above the one with the cursor. Readline doesn't count while
   * something is pasted, and a terminal is on the next row only once something is written there.
   */
  private agreeOnRows(): number {
    const { rows, cols } = this.lines.getCursorPos();
    const isAtEnd = this.lines.cursor === this.lines.line.length;
    if (rows > 0 && cols === 0 && isAtEnd) this.output.write(' \r');
    this.readlineTakesForRows(rows);
    return rows;
  }

  /** How far up it begins when it writes the prompt anew. */
  private readlineTakesForRows(rows: number): void {
    Object.assign(this.lines, { prevRows: rows });
  }

  /** From so many rows above the cursor on. */
  private erase(rows: number): void {
    moveCursor(this.output, 0, -rows);
    cursorTo(this.output, 0);
    clearScreenDown(this.output);
  }
}

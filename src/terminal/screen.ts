import { createInterface, type Interface } from 'node:readline';

/** Where the chat is shown, and what is typed comes from. */
export interface Screen {
  print(text: string): void;
  prompt(text: string): void;
}

const LINE_UP = '\u001b[1A';
const CLEAR_LINE = '\r\u001b[2K';

/** A terminal, with what is being typed always at the bottom; or a pipe, without a prompt. */
export class LineScreen implements Screen {
  readonly lines: Interface;
  private readonly isTerminal: boolean;

  constructor(
    input: NodeJS.ReadStream,
    private readonly output: NodeJS.WriteStream,
  ) {
    this.isTerminal = input.isTTY && output.isTTY;
    this.lines = createInterface({ input, output, terminal: this.isTerminal });
  }

  print(text: string): void {
    if (!this.isTerminal) {
      this.output.write(`${text}\n`);
      return;
    }
    this.output.write(`${CLEAR_LINE}${text}\n`);
    this.lines.prompt(true);
  }

  prompt(text: string): void {
    this.lines.setPrompt(text);
    if (this.isTerminal) this.lines.prompt(true);
  }

  /** What was typed and entered is shown in its place in the room instead. */
  eraseEntered(): void {
    if (this.isTerminal) this.output.write(`${LINE_UP}${CLEAR_LINE}`);
  }
}

import type { Display } from './display.js';
import type { Transfer } from './transfer.js';

const EVERY_PERCENT = 10;

/** Plain lines, for files and pipes. */
export class LinesDisplay implements Display {
  private nextPercent = EVERY_PERCENT;

  constructor(
    private readonly print: (line: string) => void,
    private readonly complain: (line: string) => void,
  ) {}

  begin({ name, figures }: Transfer): void {
    this.print(`Sending ${name}: ${figures}`);
  }

  moved({ percent, figures }: Transfer): void {
    if (percent < this.nextPercent) return;
    this.nextPercent = percent - (percent % EVERY_PERCENT) + EVERY_PERCENT;
    this.print(`${String(percent)} %: ${figures}`);
  }

  note(text: string): void {
    this.print(text);
  }

  done(text: string): void {
    this.print(text);
  }

  failed(text: string): void {
    this.complain(text);
  }
}

import { log, progress, type ProgressResult } from '@clack/prompts';

import type { Display } from './display.js';
import type { Transfer } from './transfer.js';

/** Leaves room for the figures on a line of 80. */
const WIDTH = 20;

/** A progress bar, for terminals. */
export class BarDisplay implements Display {
  private bar: ProgressResult | undefined;
  private shown = 0;
  private noted: string | undefined;

  begin(transfer: Transfer): void {
    this.bar = progress({ max: 100, size: WIDTH, indicator: 'timer', cancelMessage: 'Cancelling' });
    this.bar.start(`${transfer.name}: ${transfer.figures}`);
    // The bar would end the process at Ctrl-C; as a signal it can be cancelled in order.
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  }

  moved({ name, percent, figures }: Transfer): void {
    this.noted = undefined;
    this.bar?.advance(percent - this.shown, `${name}: ${figures}`);
    this.shown = percent;
  }

  note(text: string): void {
    if (this.noted === text) return;
    this.noted = text;
    if (this.bar === undefined) log.info(text);
    else this.bar.message(text);
  }

  done(text: string): void {
    if (this.bar === undefined) log.success(text);
    else this.bar.stop(text);
  }

  failed(text: string): void {
    if (this.bar === undefined || this.bar.isCancelled) log.error(text);
    else this.bar.error(text);
  }
}

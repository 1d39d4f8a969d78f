import type { Transfer } from './transfer.js';

/** Shows whoever sends a file how it goes. */
export interface Display {
  begin(transfer: Transfer): void;
  moved(transfer: Transfer): void;
  /** Something that is worth a word in between. */
  note(text: string): void;
  done(text: string): void;
  failed(text: string): void;
}

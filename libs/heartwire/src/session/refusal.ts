import type { ErrorCode } from '../errors/error-code.js';
import type { WireError } from '../errors/heartwire-error.js';
import { wireRefusal } from '../errors/wire-error.js';

/** Why calls are not begun, put into words once: an end that has too much to do must refuse the rest cheaply. */
export class Refusal {
  readonly err: WireError;
  readonly json: string;

  constructor(code: ErrorCode, message: string) {
    this.err = wireRefusal(code, message);
    this.json = JSON.stringify(this.err);
  }
}

/** So many run already. */
export function overloaded(max: number, where: string, what = 'calls'): Refusal {
  return new Refusal('OVERLOADED', `${String(max)} ${what} run ${where} already`);
}

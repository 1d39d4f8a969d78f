import { type ValidationError, validateSync } from 'class-validator';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { HeartbeatOptions } from './heartbeat-options.js';
import { shownPath, shownValue } from './shown-value.js';
import { adviceFor } from './unknown-key.js';

/** One thing that is wrong with the options. `INVALID_OPTIONS` has all of them in `details.faults`. */
export interface OptionFault {
  /** Which option: `heartbeat.timeoutMs`, `urls[1]`. */
  readonly path: string;
  /** What is wrong, with the value and what to do. Never shows a secret. */
  readonly message: string;
}

type Values = Record<string, unknown>;

/**
 * Lays what a user wrote over the defaults of a class of options, and has class-validator check the result.
 * The input is only read, each member once; the result shares nothing with it but the values themselves.
 *
 * @param owner whose options they are, for the message
 * @throws HeartwireError `INVALID_OPTIONS` with every fault
 */
export function readOptions<Options extends object>(
  type: new () => Options,
  input: unknown,
  owner: string,
): Options {
  const options = new type();
  const faults: OptionFault[] = [];
  if (isObject(input)) {
    readSection(options, input, '', () => pathsOf(new type()), faults);
  } else {
    const advice = 'url' in options ? '; give at least { url }' : '';
    const message = `options must be an object: it is ${shownValue(input)}${advice}`;
    faults.push({ path: 'options', message });
  }
  if (faults.length > 0) throw invalidOptions(owner, faults);
  return options;
}

function readSection(
  section: object,
  input: object,
  path: string,
  allPaths: () => readonly string[],
  faults: OptionFault[],
): void {
  const values = section as Values;
  const known = Object.keys(section);
  const nested: (() => void)[] = [];
  for (const key of known) {
    const inner = values[key];
    const given = spelledOut((input as Values)[key], inner);
    if (given === undefined) continue;
    if (isObject(inner) && isObject(given)) {
      nested.push(() => {
        readSection(inner, given, shownPath(path, key), allPaths, faults);
      });
    } else {
      values[key] = given;
    }
  }
  faults.push(...validateSync(section).flatMap((error) => faultsOf(error, path)));
  for (const readNested of nested) readNested();
  for (const key of Object.keys(input)) {
    if (known.includes(key)) continue;
    const at = shownPath(path, key);
    faults.push({ path: at, message: `${at} is no option: ${adviceFor(key, path, known, allPaths())}` });
  }
}

/** `heartbeat: 'adaptive'` is short for `{ adaptive: true }`. */
function spelledOut(given: unknown, section: unknown): unknown {
  return given === 'adaptive' && section instanceof HeartbeatOptions ? { adaptive: true } : given;
}

function faultsOf({ property, constraints = {} }: ValidationError, section: string): OptionFault[] {
  const path = shownPath(section, property);
  return Object.values(constraints)
    .flatMap((text) => text.split('\n'))
    .map((line) => {
      const [, element, sentence] = /^(\[\d+\])? ?(.*)$/.exec(line) ?? [];
      const at = `${path}${element ?? ''}`;
      return { path: at, message: `${at} ${sentence ?? line}` };
    });
}

export function invalidOptions(owner: string, faults: readonly OptionFault[]): HeartwireError {
  const [first] = faults;
  const message =
    faults.length === 1 && first !== undefined
      ? `${owner} was given a faulty option: ${first.message}`
      : `${owner} was given ${String(faults.length)} faulty options:${faults.map((fault) => `\n- ${fault.message}`).join('')}`;
  return new HeartwireError(ErrorCode.INVALID_OPTIONS, message, { details: { faults } });
}

function pathsOf(section: object, path = ''): string[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const at = shownPath(path, key);
    return isObject(value) ? pathsOf(value, at) : [at];
  });
}

/** Plain or an instance; an array is neither. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

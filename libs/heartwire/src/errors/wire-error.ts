import { ERROR_DEFAULTS, type ErrorCode, isErrorCode, type Sent } from './error-code.js';
import { HeartwireError, type HeartwireErrorFacts, type WireError } from './heartwire-error.js';

/** What a caller is told of an exception that was not meant for it, in Nest's own words. */
const UNEXPECTED = { status: 'error', message: 'Internal server error' } as const;

/**
 * The `err` of a failure message. What was thrown on purpose (an object, a string, a number) travels
 * as it is; what an unexpected exception says stays on this end.
 */
export function toWireError(thrown: unknown): unknown {
  if (thrown instanceof HeartwireError) return thrown.toJSON();
  return isError(thrown) || !saysSomething(thrown) ? { ...UNEXPECTED } : thrown;
}

/** The `err` of a call that was refused before any handler saw it: it can be made again without doing something twice. */
export function wireRefusal(code: ErrorCode, message: string): WireError {
  return { code, message, retryable: ERROR_DEFAULTS[code].retryable, sent: 'never' };
}

/**
 * What the caller's observer gets for the `err` of a failure message: a {@link HeartwireError} if it is
 * the wire form of one, or else what the handler threw, untouched.
 */
export function fromWireError(err: unknown): unknown {
  if (typeof err !== 'object' || err === null) return err;
  const { code, message, details, retryable, sent } = err as Partial<Record<string, unknown>>;
  if (!isErrorCode(code) || typeof retryable !== 'boolean' || hasOtherMembers(err)) return err;
  const facts: HeartwireErrorFacts = {
    sent: sent === 'never' ? 'never' : sentBeforeAnswer(code),
    retryable,
    details: isRecord(details) ? details : undefined,
  };
  return new HeartwireError(code, typeof message === 'string' ? message : code, facts);
}

/** An `err` that is null in JSON would read as success at the other end. */
function saysSomething(thrown: unknown): boolean {
  switch (typeof thrown) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(thrown);
    case 'object':
      return thrown !== null && (!hasToJson(thrown) || jsonSaysSomething(thrown));
    default:
      return false;
  }
}

function jsonSaysSomething(thrown: { toJSON(): unknown }): boolean {
  try {
    const json = thrown.toJSON();
    return json === thrown || saysSomething(json);
  } catch {
    return false;
  }
}

/** Also for an error of another realm (a worker's, a test runner's), which is no instance of this one's. */
function isError(value: unknown): boolean {
  if (value instanceof Error) return true;
  const tag = Object.prototype.toString.call(value);
  return tag === '[object Error]' || tag === '[object DOMException]';
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Only a refusal says that no handler saw the call: a handler that passes on an error of its own
 * calls has run. One that was stopped midway (its time was over, its server went away) may have.
 */
function sentBeforeAnswer(code: ErrorCode): Sent {
  return ERROR_DEFAULTS[code].sent === 'maybe' ? 'maybe' : 'answered';
}

const WIRE_MEMBERS: ReadonlySet<string> = new Set(['code', 'message', 'details', 'retryable', 'sent']);

/** An application may use our codes in errors of its own: those arrive whole. */
function hasOtherMembers(err: object): boolean {
  return Object.keys(err).some((key) => !WIRE_MEMBERS.has(key));
}

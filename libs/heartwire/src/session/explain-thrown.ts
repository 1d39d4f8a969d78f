import { HeartwireError } from '../errors/heartwire-error.js';
import { traceOf } from '../errors/thrown.js';

/** Nest's RpcException, known by what it can do: a second copy of the package makes no difference. */
interface RpcLike {
  getError(): unknown;
}

/** Nest's HttpException. */
interface HttpLike {
  getStatus(): unknown;
  getResponse(): unknown;
}

/** What a caller may know of what a handler threw; an unexpected error is for `log`, on this end. */
export function explainThrown(thrown: unknown, log: (text: string) => void): unknown {
  if (!(thrown instanceof Error)) return thrown;
  if (isRpcException(thrown)) {
    const error = thrown.getError();
    return typeof error === 'string' ? { status: 'error', message: error } : error;
  }
  if (isHttpException(thrown)) {
    const { name, message } = thrown;
    return { status: thrown.getStatus(), name, message, response: thrown.getResponse() };
  }
  if (!(thrown instanceof HeartwireError)) log(traceOf(thrown));
  return thrown;
}

function isRpcException(thrown: Error): thrown is Error & RpcLike {
  return 'getError' in thrown && typeof thrown.getError === 'function';
}

function isHttpException(thrown: Error): thrown is Error & HttpLike {
  return 'getStatus' in thrown && 'getResponse' in thrown && typeof thrown.getStatus === 'function';
}

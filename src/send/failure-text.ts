import { ErrorCode, HeartwireError } from 'heartwire';

/** What went wrong, for whoever sends a file. */
export function failureText(failure: unknown, url: string): string {
  if (failure instanceof HeartwireError) return transportText(failure, url);
  if (failure instanceof Error) return localText(failure);
  return `Refused: ${refusalText(failure) ?? 'the files service failed'}`;
}

function transportText(error: HeartwireError, url: string): string {
  if (error.code === ErrorCode.INVALID_OPTIONS || error.code === ErrorCode.UNAUTHENTICATED)
    return error.message;
  if (error.sent === 'never') return `The files service at ${url} could not be reached: ${error.message}`;
  return `The files service at ${url} was lost on the way: ${error.message}. Send the file again`;
}

function localText(error: Error & { readonly code?: unknown; readonly path?: unknown }): string {
  const path = String(error.path);
  if (error.code === 'ENOENT') return `There is no file ${path}`;
  if (error.code === 'EACCES' || error.code === 'EPERM') return `${path} may not be read`;
  return `It failed: ${error.message}`;
}

/** An HttpException of the service, as Heartwire carries it. */
function refusalText(failure: unknown): string | undefined {
  const { response } = (failure ?? {}) as { readonly response?: { readonly message?: unknown } | string };
  const message = typeof response === 'object' ? response.message : response;
  if (Array.isArray(message)) return message.map(String).join('; ');
  return typeof message === 'string' ? message : undefined;
}

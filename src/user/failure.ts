import type { UserFault } from '../contract/user-pattern.js';

/** Something that was asked of the chat has failed. */
export interface Failure {
  /** Asking again as it is won't help. */
  readonly isFinal: boolean;
  readonly code: UserFault | undefined;
  readonly message: string;
}

/** What a refusal of the gateway, and an error of Heartwire, may have. */
interface Thrown {
  readonly status?: unknown;
  readonly response?: { readonly code?: UserFault; readonly message?: unknown };
  readonly retryable?: unknown;
  readonly message?: unknown;
}

export function failureOf(thrown: unknown): Failure {
  const { status, response, retryable, message }: Thrown =
    typeof thrown === 'object' && thrown !== null ? thrown : { message: thrown };
  const isRefused = typeof status === 'number' && status >= 400 && status < 500;
  const said = response?.message ?? message;
  return {
    isFinal: isRefused || retryable === false,
    code: response?.code,
    message: Array.isArray(said) ? said.join('; ') : String(said),
  };
}

import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** Where a method's metadata keeps what it is for. */
export const PUSH_PATTERN = 'heartwire:push-pattern';

export interface PushPatternOptions {
  /**
   * The name of the client whose servers are meant; the application doesn't start if there is none. Default: every
   * client of `HeartwireModule`.
   */
  readonly from?: string | symbol | undefined;
}

export interface PushPatternMetadata extends PushPatternOptions {
  readonly patterns: readonly unknown[];
}

/**
 * A method that handles what the servers of this application's clients push, and answers the calls that they
 * make with it. Pipes, guards, interceptors and filters work as for handlers, and so do `@Payload()` and
 * `@Ctx()`, which gives a `HeartwirePushContext`. It may return a value, a Promise or an AsyncIterable, whose
 * items are a stream; of an Observable, the last value is the answer.
 *
 * The method is one of a provider or controller of the default scope, which is given as a class, and its client is
 * one that `HeartwireModule` provides; guards and the like for the whole application are of the default scope, too. The
 * application doesn't start otherwise. The client connects with it.
 *
 * @param pattern one, or several in an array, as with `@MessagePattern`
 * @example
 * @PushPattern('orders.shipped', { from: 'ORDERS' })
 * shipped(@Payload() order: OrderDto) { … }
 */
export function PushPattern(
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- patterns are any in Nest
  pattern: any,
  options: PushPatternOptions = {},
): CustomDecorator {
  const patterns: readonly unknown[] = Array.isArray(pattern) ? pattern : [pattern];
  return SetMetadata(PUSH_PATTERN, { patterns, ...options } satisfies PushPatternMetadata);
}

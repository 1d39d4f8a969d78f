/** Who gets a call's outcome: values, then exactly one of `error` and `complete`. RxJS's Subscriber fits. */
export interface ReplyObserver {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

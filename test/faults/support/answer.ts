interface Question {
  readonly number: number;
  readonly command: string;
  readonly argument: never;
}

/** In the process of a peer: answers what it is asked with the results of `commands`. */
export function answer(commands: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ number, command, argument }: Question) => {
    const run = async (): Promise<unknown> => commands[command]?.(argument);
    run().then(
      (result) => process.send?.({ number, result }),
      (error: unknown) =>
        process.send?.({ number, error: error instanceof Error ? error.stack : String(error) }),
    );
  });
}

/** Keeps the event loop of this process from turning. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

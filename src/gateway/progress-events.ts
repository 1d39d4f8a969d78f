import type { Response } from 'express';

/** Server-sent events about one upload. Its answer begins with the first of them. */
export class ProgressEvents {
  constructor(private readonly response: Response) {}

  /** Resolves when the client can take the next one, or is gone. */
  tell(data: object): Promise<void> {
    if (!this.response.headersSent) {
      this.response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    }
    return this.write(`data: ${JSON.stringify(data)}\n\n`);
  }

  fail(data: unknown): Promise<void> {
    return this.write(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private write(event: string): Promise<void> {
    const { response } = this;
    if (response.destroyed || response.write(event)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        response.off('drain', wake).off('close', wake);
        resolve();
      };
      response.on('drain', wake).on('close', wake);
    });
  }
}

import { type BeforeApplicationShutdown, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { BehaviorSubject, filter, firstValueFrom, of, timeout } from 'rxjs';

const DRAIN_MS = 10_000;

/**
 * Lets running requests finish before the gateway closes its connections. Node's own `close()` would
 * wait for every client that keeps a connection open without asking for anything.
 */
@Injectable()
export class RunningRequests implements NestMiddleware, BeforeApplicationShutdown {
  private readonly count$ = new BehaviorSubject(0);

  use(_: Request, response: Response, next: NextFunction): void {
    this.count$.next(this.count$.value + 1);
    response.once('close', () => this.count$.next(this.count$.value - 1));
    next();
  }

  async beforeApplicationShutdown(): Promise<void> {
    const allFinished$ = this.count$.pipe(filter((count) => count === 0));
    await firstValueFrom(allFinished$.pipe(timeout({ first: DRAIN_MS, with: () => of(0) })));
  }
}

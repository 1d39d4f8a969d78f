import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { HeartwireContext, HeartwireError } from 'heartwire';
import {
  defer,
  filter,
  finalize,
  firstValueFrom,
  NEVER,
  type Observable,
  ReplaySubject,
  Subject,
  timeout,
} from 'rxjs';

import { deferred } from './deferred.js';

/** Far above what anything here takes, and below the default of `drainTimeoutMs`. */
const SOON_MS = 8_000;

/** Handlers that end when a test wants it, and note what they are told meanwhile. */
@Controller()
export class CallsController {
  readonly notices: string[] = [];
  private readonly notices$ = new ReplaySubject<string>();
  readonly feed$ = new Subject<number>();
  readonly gate = deferred();

  @MessagePattern('time left')
  timeLeft(@Payload() name: string, @Ctx() context: HeartwireContext): number | undefined {
    this.note(`started ${name}`);
    return context.timeLeftMs;
  }

  @MessagePattern('time left, and again later')
  async timeLeftTwice(@Ctx() context: HeartwireContext): Promise<unknown[]> {
    const before = context.timeLeftMs;
    this.note('looked at the time');
    await this.gate.promise;
    return [before, context.timeLeftMs];
  }

  @MessagePattern('silent')
  silent(@Payload() name: string, @Ctx() { signal }: HeartwireContext): Observable<never> {
    this.note(`started ${name}`);
    signal.addEventListener('abort', () => {
      const reason: unknown = signal.reason;
      this.note(reason instanceof HeartwireError ? reason.code : `no HeartwireError: ${String(reason)}`);
    });
    return NEVER.pipe(finalize(() => this.note('torn down')));
  }

  @MessagePattern('silent promise')
  silentPromise(@Payload() name: string, @Ctx() { signal }: HeartwireContext): Promise<never> {
    this.note(`started ${name}`);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.note('gave up');
        reject(new Error('nobody waits for this'));
      });
    });
  }

  @MessagePattern('feed')
  feed(@Ctx() { signal }: HeartwireContext): Observable<number> {
    signal.addEventListener('abort', () => this.note('aborted'));
    return defer(() => {
      this.note('started feed');
      return this.feed$;
    }).pipe(finalize(() => this.note('torn down')));
  }

  /** @throws TimeoutError when it isn't noticed soon. */
  noticed(what: string): Promise<string> {
    return firstValueFrom(
      this.notices$.pipe(
        filter((notice) => notice === what),
        timeout(SOON_MS),
      ),
    );
  }

  private note(notice: string): void {
    this.notices.push(notice);
    this.notices$.next(notice);
  }
}

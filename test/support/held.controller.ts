import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { HeartwireContext, HeartwireError } from 'heartwire';
import { defer, finalize, NEVER, type Observable, Subject } from 'rxjs';

import { deferred } from './deferred.js';
import { until } from './until.js';

/** Handlers that a test holds while it breaks what is between it and them. They note each time they run. */
@Controller()
export class HeldController {
  readonly runs: string[] = [];
  readonly ends: string[] = [];
  readonly gate = deferred();
  readonly feed$ = new Subject<number>();

  @MessagePattern('held')
  async held(@Payload() name: string): Promise<string> {
    this.runs.push(name);
    await this.gate.promise;
    return `${name} is done`;
  }

  @EventPattern('told')
  async told(@Payload() name: string): Promise<void> {
    this.runs.push(name);
    await this.gate.promise;
    this.ends.push(name);
  }

  @MessagePattern('feed')
  feed(@Payload() name: string): Observable<number> {
    return defer(() => {
      this.runs.push(name);
      return this.feed$;
    }).pipe(finalize(() => this.ends.push(name)));
  }

  @MessagePattern('silent')
  silent(@Payload() name: string, @Ctx() { signal }: HeartwireContext): Observable<never> {
    this.runs.push(name);
    signal.addEventListener('abort', () => {
      const reason: unknown = signal.reason;
      this.ends.push(`${name}: ${reason instanceof HeartwireError ? reason.code : String(reason)}`);
    });
    return NEVER;
  }

  /** Waits until that has started to run. */
  started(...names: readonly string[]): Promise<void> {
    return until(`${names.join(', ')} started`, () => names.every((name) => this.runs.includes(name)));
  }

  /** Waits until that has ended, or was ended. */
  ended(name: string): Promise<void> {
    return until(`${name} ended`, () => this.ends.includes(name));
  }
}

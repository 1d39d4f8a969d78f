import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { HeartwireContext } from 'heartwire';
import { finalize, from, NEVER, type Observable, Subject } from 'rxjs';

/** What attackers and simple peers call. */
@Controller()
export class TargetController {
  /** What the handlers were given. */
  readonly heard: unknown[] = [];
  readonly metadata: unknown[] = [];
  /** How often each of these was done. */
  readonly counts = { large: 0, endless: 0, tornDown: 0 };
  /** Ends the events that never end. */
  readonly eventsEnd$ = new Subject<never>();
  private readonly large = 'x'.repeat(65_536);

  @MessagePattern('echo')
  echo(@Payload() data: unknown, @Ctx() { metadata }: HeartwireContext): unknown {
    this.heard.push(data);
    this.metadata.push(metadata);
    return data;
  }

  @MessagePattern('countdown')
  countdown(from_: number): Observable<number> {
    return from(Array.from({ length: from_ }, (_, index) => from_ - index));
  }

  @MessagePattern('endless')
  endless(): Observable<never> {
    this.counts.endless += 1;
    return NEVER.pipe(finalize(() => (this.counts.tornDown += 1)));
  }

  @MessagePattern('large')
  largeAnswer(): string {
    this.counts.large += 1;
    return this.large;
  }

  @MessagePattern('pulse')
  pulse(): string {
    return 'beat';
  }

  /** Two, and three, objects that lie in each other. */
  @MessagePattern([{ a: { a: 'x' } }, { a: { a: { a: 'x' } } }])
  nested(): string {
    return 'found';
  }

  @EventPattern('endless event')
  endlessEvent(_data: unknown): Observable<never> {
    return this.eventsEnd$;
  }

  @EventPattern('told')
  told(data: unknown): void {
    this.heard.push(data);
  }
}

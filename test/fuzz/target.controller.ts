import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { IncomingStream } from 'heartwire';
import { NEVER, type Observable, range } from 'rxjs';

/** A handler of each kind. None of them keeps anything. */
@Controller()
export class FuzzTargetController {
  private readonly text = 'x'.repeat(65_536);

  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('countdown')
  countdown(@Payload() count: unknown): Observable<number> {
    return range(0, Number(count) % 100 || 1);
  }

  @MessagePattern('endless')
  endless(): Observable<never> {
    return NEVER;
  }

  @MessagePattern('large')
  large(): string {
    return this.text;
  }

  @MessagePattern('gather')
  async gather(@IncomingStream() items: IncomingStream<unknown>): Promise<number> {
    let count = 0;
    for await (const item of items) count += item === undefined ? 0 : 1;
    return count;
  }

  @MessagePattern('mirror')
  async *mirror(@IncomingStream() items: IncomingStream<unknown>): AsyncGenerator {
    for await (const item of items) yield item;
  }

  @EventPattern('told')
  told(@Payload() _data: unknown): void {
    // Nothing to do.
  }

  @EventPattern('endless event')
  endlessEvent(@Payload() _data: unknown): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 50));
  }
}

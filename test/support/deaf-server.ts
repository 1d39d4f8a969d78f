// A server whose handlers subscribe to their callers' streams and have no callback for errors, in a process of its own:
// an error that nobody takes ends it.

import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, type MicroserviceOptions, Payload } from '@nestjs/microservices';
import { HeartwireServer, IncomingStream } from 'heartwire';
import { delay, firstValueFrom, map, merge, NEVER, Observable, share, Subject, throwError } from 'rxjs';

/** How a handler listens to a stream without listening for its failure. */
export type Listening = 'subscribed' | 'piped' | 'shared' | 'late' | 'merged' | 'wrapped' | 'subject';

const listen: Record<Listening, (items: Observable<unknown>) => void> = {
  subscribed: (items) => items.subscribe(),
  piped: (items) => items.pipe(map((item) => item)).subscribe(() => undefined),
  shared: (items) => items.pipe(share()).subscribe(),
  late: (items) => items.pipe(delay(1)).subscribe(),
  merged: (items) => merge(items, NEVER).subscribe(),
  wrapped: (items) => new Observable((subscriber) => items.subscribe(subscriber)).subscribe(),
  subject: (items) => {
    const subject = new Subject<unknown>();
    subject.subscribe();
    items.subscribe(subject);
  },
};

@Controller()
class DeafController {
  @MessagePattern('listen')
  async listen(@Payload() how: Listening, @IncomingStream() items: IncomingStream<unknown>): Promise<void> {
    listen[how](items);
    process.send?.('listening');
    await firstValueFrom(NEVER);
  }

  @MessagePattern('pulse')
  pulse(): string {
    return 'beat';
  }

  /** Nobody else's failure: this one ends the process, as ever. */
  @MessagePattern('fail')
  fail(): void {
    throwError(() => new Error('a fault of its own')).subscribe();
  }
}

@Module({ controllers: [DeafController] })
class DeafModule {}

const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0', drainTimeoutMs: 100 });
const app = await NestFactory.createMicroservice<MicroserviceOptions>(DeafModule, {
  strategy: server,
  logger: false,
});
await app.listen();
process.on('disconnect', () => process.exit());
process.send?.(server.address);

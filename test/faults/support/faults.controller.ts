import { openSync, writeSync } from 'node:fs';

import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { from, type Observable } from 'rxjs';

/** Handlers that note what they ran, so that a scenario can tell what was lost and what ran twice. */
@Controller()
export class FaultsController {
  /** The ids of the calls that ran, in their order. */
  readonly runs: string[] = [];
  notes = 0;
  private log: number | undefined;

  /** Notes runs in a file too: it outlives the process. */
  logTo(path: string): void {
    this.log = openSync(path, 'a');
  }

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    return data;
  }

  @MessagePattern('add')
  add(id: string): string {
    if (this.log !== undefined) writeSync(this.log, `${id}\n`);
    this.runs.push(id);
    return id;
  }

  @MessagePattern('take time')
  async takeTime({ id, ms }: { id: string; ms: number }): Promise<string> {
    this.add(id);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return id;
  }

  @MessagePattern('text')
  text(bytes: number): string {
    return 'x'.repeat(bytes);
  }

  @MessagePattern('length')
  lengthOf(text: string): number {
    return text.length;
  }

  @MessagePattern('items')
  items({ count, bytes }: { count: number; bytes: number }): Observable<string> {
    return from(Array.from({ length: count }, () => 'x'.repeat(bytes)));
  }

  @EventPattern('note')
  async note(_data: string): Promise<void> {
    this.notes += 1;
  }
}

import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HeartwireServer } from 'heartwire';

/** Users are told that the gateway goes, and get their last answers, before the connections of their pages are closed. */
@Injectable()
export class UsersFarewell implements BeforeApplicationShutdown {
  constructor(private readonly server: HeartwireServer) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.server.close();
  }
}

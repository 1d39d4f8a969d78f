import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { HeartwireClient, HeartwireHealthIndicator } from 'heartwire';

import { CHAT } from './chat-token.js';
import { ConnectionMonitor, type ConnectionReport } from './connection-monitor.js';

/** For orchestrators and for people. */
@Controller()
export class HealthController {
  constructor(
    private readonly monitor: ConnectionMonitor,
    private readonly health: HealthCheckService,
    private readonly heartwire: HeartwireHealthIndicator,
    @Inject(CHAT) private readonly chat: HeartwireClient,
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.heartwire.check('chat', this.chat)]);
  }

  @Get('connections')
  connections(): Readonly<Record<string, ConnectionReport>> {
    return { chat: this.monitor.report };
  }
}

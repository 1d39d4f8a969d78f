import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { HeartwireHealthIndicator, HeartwireHub } from 'heartwire';

import { ConnectionMonitor, type Service } from './connection-monitor.js';
import type { ConnectionReport } from './connection-record.js';
import { SERVICES } from './service-token.js';

/** For orchestrators and for people. */
@Controller()
export class HealthController {
  constructor(
    private readonly monitor: ConnectionMonitor,
    private readonly health: HealthCheckService,
    private readonly heartwire: HeartwireHealthIndicator,
    private readonly hub: HeartwireHub,
    @Inject(SERVICES) private readonly services: readonly Service[],
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    const services = this.services.map(
      ({ name, client }) =>
        () =>
          this.heartwire.check(name, client),
    );
    return this.health.check([...services, () => this.heartwire.checkHub('hub', this.hub)]);
  }

  @Get('connections')
  connections(): Readonly<Record<string, ConnectionReport>> {
    return this.monitor.report;
  }
}

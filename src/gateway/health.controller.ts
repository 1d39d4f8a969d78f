import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';

import { ConnectionMonitor, type ConnectionReport } from './connection-monitor.js';

/** For orchestrators and for people. */
@Controller()
export class HealthController {
  constructor(private readonly monitor: ConnectionMonitor) {}

  @Get('health')
  health(): object {
    const { isConnected, report } = this.monitor;
    const health = { status: isConnected ? 'ok' : 'unavailable', chat: report.status };
    if (!isConnected) throw new ServiceUnavailableException(health);
    return health;
  }

  @Get('connections')
  connections(): Readonly<Record<string, ConnectionReport>> {
    return { chat: this.monitor.report };
  }
}

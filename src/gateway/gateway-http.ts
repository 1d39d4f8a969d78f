import { ExpressAdapter } from '@nestjs/platform-express';

type HttpOptions = Parameters<ExpressAdapter['initHttpServer']>[0];

/**
 * Has its HTTP server as soon as it is told to: the users' Heartwire server attaches to it, and the application, which
 * makes the HTTP server otherwise, is made with that.
 */
export class GatewayHttp extends ExpressAdapter {
  private isMade = false;

  override initHttpServer(options: HttpOptions): void {
    if (this.isMade) return;
    this.isMade = true;
    super.initHttpServer(options);
  }
}

import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';

/**
 * Lets HttpExceptions through to the caller, and with them the faults that `ValidationPipe` found.
 * Without it, Nest answers every exception that is no `RpcException` with "Internal server error".
 * The caller gets `{ status, name, message, response }`. In a hybrid application it leaves HTTP
 * requests to Nest's own filter.
 *
 * @example
 * app.useGlobalFilters(new HeartwireExceptionFilter());
 */
@Catch(HttpException)
export class HeartwireExceptionFilter extends BaseExceptionFilter<HttpException> {
  // Nest's signature says void; what an RPC filter returns is the handler's answer.
  override catch(exception: HttpException, host: ArgumentsHost): void | Observable<never> {
    if (host.getType() === 'rpc') return throwError(() => exception);
    super.catch(exception, host);
  }
}

import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** What Express and Fastify have in common. */
interface HttpResponse {
  status(code: number): { send(body: unknown): unknown };
}

/**
 * Lets HttpExceptions through to the caller, and with them the faults that `ValidationPipe` found.
 * Without it, Nest answers every exception that is no `RpcException` with "Internal server error".
 * The caller gets `{ status, name, message, response }`. In a hybrid application it answers HTTP
 * requests as Nest itself does.
 *
 * @example
 * app.useGlobalFilters(new HeartwireExceptionFilter());
 */
@Catch(HttpException)
export class HeartwireExceptionFilter implements ExceptionFilter<HttpException> {
  catch(exception: HttpException, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() !== 'http') return throwError(() => exception);
    const status = exception.getStatus();
    const response = exception.getResponse();
    const body = typeof response === 'string' ? { statusCode: status, message: response } : response;
    host.switchToHttp().getResponse<HttpResponse>().status(status).send(body);
    return undefined;
  }
}

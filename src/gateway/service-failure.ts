import { STATUS_CODES } from 'node:http';

import { BadGatewayException, HttpException, HttpStatus } from '@nestjs/common';
import { ErrorCode, HeartwireError } from 'heartwire';

/** What an HTTP client is told when a service could not be asked, or refused. */
export function toHttpException(failure: unknown, service = 'chat'): HttpException {
  if (failure instanceof HeartwireError) return transportFailure(failure, service);
  if (isRefusal(failure)) return new HttpException(failure.response, failure.status);
  return new BadGatewayException(`the ${service} service failed`);
}

function transportFailure(error: HeartwireError, service: string): HttpException {
  const { code, message, retryable, sent } = error;
  const statusCode = statusOf(error);
  const body = {
    statusCode,
    error: STATUS_CODES[statusCode],
    message: `${service}: ${message}`,
    code,
    retryable,
    sent,
  };
  return new HttpException(body, statusCode, { cause: error });
}

/** A call that never left tells of a service that is away, whatever ran out first. */
function statusOf({ code, retryable, sent }: HeartwireError): HttpStatus {
  const isLate = code === ErrorCode.DEADLINE_EXCEEDED || code === ErrorCode.HEARTBEAT_TIMEOUT;
  if (isLate && sent !== 'never') return HttpStatus.GATEWAY_TIMEOUT;
  return retryable || code === ErrorCode.CLOSED ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.BAD_GATEWAY;
}

/** An HttpException of the other service, as Heartwire carries it. */
interface Refusal {
  readonly status: number;
  readonly response: string | Record<string, unknown>;
}

function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== 'object' || value === null) return false;
  const { status, response } = value as Partial<Record<string, unknown>>;
  const isErrorStatus = Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
  return (
    isErrorStatus && (typeof response === 'string' || (typeof response === 'object' && response !== null))
  );
}

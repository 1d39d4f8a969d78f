import { STATUS_CODES } from 'node:http';

import { HttpException, HttpStatus } from '@nestjs/common';

/** A failure of the file system, as Node tells it. */
export interface DiskError {
  readonly code: string;
  readonly syscall: string;
}

export function isDiskError(error: unknown): error is DiskError {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** What a caller is told of it: never a path of this machine. */
export function toHttpException(error: DiskError): HttpException {
  const isFull = NO_ROOM.has(error.code);
  const statusCode = isFull ? HttpStatus.INSUFFICIENT_STORAGE : HttpStatus.INTERNAL_SERVER_ERROR;
  const message = isFull
    ? 'there is no room left for files'
    : `the disk of the files service failed (${error.code})`;
  const body = { statusCode, error: STATUS_CODES[statusCode], message };
  return new HttpException(body, statusCode, { cause: error });
}

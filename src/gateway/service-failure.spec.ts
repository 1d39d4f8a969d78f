import { describe, expect, it } from '@jest/globals';
import { ErrorCode, HeartwireError } from 'heartwire';

import { toHttpException } from './service-failure.js';

const statusOf = (failure: unknown): number => toHttpException(failure).getStatus();

describe('a failure of a service', () => {
  it.each([
    [ErrorCode.DEADLINE_EXCEEDED, 'maybe', 504],
    [ErrorCode.DEADLINE_EXCEEDED, 'answered', 504],
    [ErrorCode.DEADLINE_EXCEEDED, 'never', 503],
    [ErrorCode.HEARTBEAT_TIMEOUT, 'maybe', 504],
    [ErrorCode.CONNECTION_LOST, 'maybe', 503],
    [ErrorCode.CONNECT_FAILED, 'never', 503],
    [ErrorCode.QUEUE_FULL, 'never', 503],
    [ErrorCode.OVERLOADED, 'never', 503],
    [ErrorCode.CLOSED, 'never', 503],
    [ErrorCode.NO_HANDLER, 'answered', 502],
    [ErrorCode.PROTOCOL_ERROR, 'maybe', 502],
    [ErrorCode.FRAME_TOO_LARGE, 'never', 502],
  ] as const)('%s (sent: %s) is HTTP %s', (code, sent, status) => {
    expect(statusOf(new HeartwireError(code, 'why', { sent }))).toBe(status);
  });

  it('tells the caller what it can do', () => {
    const exception = toHttpException(
      new HeartwireError(ErrorCode.CONNECTION_LOST, 'cut', { sent: 'maybe' }),
    );

    expect(exception.getResponse()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'chat: cut',
      code: 'CONNECTION_LOST',
      retryable: true,
      sent: 'maybe',
    });
  });

  it('is passed on when the service refused', () => {
    const response = { statusCode: 404, message: 'no such room' };
    const exception = toHttpException({ status: 404, name: 'NotFoundException', response });

    expect(exception.getStatus()).toBe(404);
    expect(exception.getResponse()).toEqual(response);
  });

  it.each([
    { status: 'error', message: 'Internal server error' },
    { status: 200, response: 'fine?' },
    { status: 404.5, response: 'half' },
    { status: 404 },
    { status: 404, response: 5 },
    null,
    undefined,
    'text',
  ])('is a bad gateway when it is %j', (failure) => {
    expect(toHttpException(failure).getResponse()).toMatchObject({
      statusCode: 502,
      message: 'the chat service failed',
    });
  });
});

import { STATUS_CODES } from 'node:http';

import { HttpException, HttpStatus } from '@nestjs/common';

import type { UserFault } from '../../contract/user-pattern.js';

const STATUS: Readonly<Record<UserFault, HttpStatus>> = {
  NO_NICKNAME: HttpStatus.UNAUTHORIZED,
  NICKNAME_TAKEN: HttpStatus.CONFLICT,
  NOT_IN_ROOM: HttpStatus.FORBIDDEN,
  ROOM_FULL: HttpStatus.CONFLICT,
  TOO_MANY_ROOMS: HttpStatus.CONFLICT,
  NOBODY: HttpStatus.NOT_FOUND,
};

/** What a user may not do, with a code for programs. */
export class UserRefusal extends HttpException {
  constructor(code: UserFault, message: string) {
    const statusCode = STATUS[code];
    super({ statusCode, error: STATUS_CODES[statusCode], message, code }, statusCode);
  }
}

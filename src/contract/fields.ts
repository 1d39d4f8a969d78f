import { applyDecorators } from '@nestjs/common';
import { IsString, Length, Matches, ValidateBy } from 'class-validator';

import { ChatLimits } from './chat-limits.js';

export function IsRoomName(): PropertyDecorator {
  return Matches(/^[a-z0-9][a-z0-9-]{0,31}$/, {
    message: '$property must be 1 to 32 lower-case letters, digits or hyphens, and not begin with a hyphen',
  });
}

export function IsPersonName(): PropertyDecorator {
  return Matches(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u, {
    message:
      '$property must be 1 to 40 letters, digits, spaces, dots, hyphens or underscores, and begin with a letter or digit',
  });
}

/** Without spaces, so that it can be typed in a command. */
export function IsNickname(): PropertyDecorator {
  return Matches(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,23}$/u, {
    message:
      '$property must be 1 to 24 letters, digits, dots, hyphens or underscores, and begin with a letter or digit',
  });
}

export function IsMessageText(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Length(1, ChatLimits.text),
    Matches(/\S/, { message: '$property must hold more than white space' }),
  );
}

const MESSAGE_ID = /^[\w-]{1,64}$/;

export function IsMessageId(): PropertyDecorator {
  return Matches(MESSAGE_ID, { message: '$property must be the id of a message' });
}

export function isMessageId(value: unknown): value is string {
  return typeof value === 'string' && MESSAGE_ID.test(value);
}

export function IsDraftId(): PropertyDecorator {
  return Matches(/^[\w-]{8,64}$/, {
    message: '$property must be 8 to 64 letters, digits, hyphens or underscores',
  });
}

export function IsUserKey(): PropertyDecorator {
  return Matches(/^[\w-]{16,64}$/, {
    message: '$property must be 16 to 64 letters, digits, hyphens or underscores',
  });
}

const FILE_NAME_MAX_BYTES = 240;
/** What Windows takes for a device, whatever follows the first dot. */
const DEVICE = '(?:con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\\.|$)';
const FILE_NAME = new RegExp(
  `^(?!${DEVICE})[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N} ._-]{0,78}[\\p{L}\\p{M}\\p{N}_-])?$`,
  'iu',
);

/** Plain names only: none leads out of a folder, none is hidden, none is odd on another system. */
export function IsFileName(): PropertyDecorator {
  return applyDecorators(
    Matches(FILE_NAME, {
      message:
        '$property must be 1 to 80 letters, digits, spaces, dots, hyphens or underscores, begin with a letter or digit, not end with a dot or space, and not be the name of a device',
    }),
    ValidateBy({
      name: 'isShortEnough',
      validator: {
        // With what the store puts before it, no file system finds it too long.
        validate: (name) => typeof name === 'string' && Buffer.byteLength(name) <= FILE_NAME_MAX_BYTES,
        defaultMessage: () => `$property must be at most ${String(FILE_NAME_MAX_BYTES)} bytes of UTF-8`,
      },
    }),
  );
}

export function IsSha256(): PropertyDecorator {
  return Matches(/^[0-9a-f]{64}$/, { message: '$property must be 64 lower-case hexadecimal digits' });
}

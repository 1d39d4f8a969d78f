import { ValidationPipe } from '@nestjs/common';

/** Both services check what they get, in the same way: `chat` may have other callers than the gateway. */
export function strictValidation(): ValidationPipe {
  return new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });
}

import { ChatLimits } from '../contract/chat-limits.js';

/**
 * Before a message is sent, while its writer still has it.
 *
 * @throws Error when it is too long
 */
export function checkLength(text: string): void {
  const length = lengthOf(text);
  if (length <= ChatLimits.text) return;
  throw new Error(`a message may have ${String(ChatLimits.text)} characters, not ${String(length)}`);
}

/** As the gateway counts: by code points, without what only says how the one before is drawn. */
function lengthOf(text: string): number {
  return Array.from(text.replaceAll(/\uFE0E|\uFE0F/g, '')).length;
}

import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

import { ChatLimits } from './chat-limits.js';
import { IsMessageId, IsRoomName } from './fields.js';

/** The most messages that one answer holds. */
export const HISTORY_MAX = ChatLimits.historyPage;
export const HISTORY_DEFAULT = 50;

/** Which part of a room's history. */
export class HistoryRangeDto {
  /** How many messages at most: the newest ones. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(HISTORY_MAX)
  readonly limit: number = HISTORY_DEFAULT;
}

export class HistoryDto extends HistoryRangeDto {
  @IsRoomName()
  readonly room: string;

  /** What came after this message is wanted, the oldest first, instead of the newest ones. */
  @IsOptional()
  @IsMessageId()
  readonly after?: string;
}

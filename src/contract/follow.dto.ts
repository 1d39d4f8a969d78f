import { IsOptional } from 'class-validator';

import { IsMessageId, IsRoomName } from './fields.js';

export class FollowDto {
  @IsRoomName()
  readonly room: string;

  /** The last message that the follower has. Without it, the room's recent messages come first. */
  @IsOptional()
  @IsMessageId()
  readonly after?: string;
}

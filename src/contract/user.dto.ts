import { IsOptional } from 'class-validator';

import { IsDraftId, IsMessageId, IsMessageText, IsNickname, IsRoomName, IsUserKey } from './fields.js';

export class NickDto {
  @IsNickname()
  readonly nick: string;

  /**
   * A secret that the user's clients have in common. Who has it may take the nickname while an earlier connection
   * of the same user still holds it, and with several clients at once.
   */
  @IsUserKey()
  readonly key: string;
}

export class JoinDto {
  @IsRoomName()
  readonly room: string;

  /** The last message that the user has: what came after it is wanted, instead of the newest messages. */
  @IsOptional()
  @IsMessageId()
  readonly after?: string;
}

export class SayDto {
  @IsRoomName()
  readonly room: string;

  @IsMessageText()
  readonly text: string;

  /** Made by the writer, and the same when the message is sent again. */
  @IsDraftId()
  readonly draftId: string;
}

export class WhisperDto {
  @IsNickname()
  readonly to: string;

  @IsMessageText()
  readonly text: string;

  /** As with `SayDto`. */
  @IsDraftId()
  readonly draftId: string;
}

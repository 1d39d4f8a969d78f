import { IsOptional } from 'class-validator';

import { IsDraftId, IsMessageText, IsPersonName, IsRoomName } from './fields.js';

/** What somebody says, without where. */
export class MessageBodyDto {
  @IsPersonName()
  readonly author: string;

  @IsMessageText()
  readonly text: string;

  /** Made by the writer: a message that is sent again is stored once. */
  @IsOptional()
  @IsDraftId()
  readonly draftId?: string;
}

export class PostMessageDto extends MessageBodyDto {
  @IsRoomName()
  readonly room: string;
}

import { IsMessageText, IsPersonName, IsRoomName } from './fields.js';

/** What somebody says, without where. */
export class MessageBodyDto {
  @IsPersonName()
  readonly author: string;

  @IsMessageText()
  readonly text: string;
}

export class PostMessageDto extends MessageBodyDto {
  @IsRoomName()
  readonly room: string;
}

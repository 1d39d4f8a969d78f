import { IsRoomName } from './fields.js';

export class RoomDto {
  @IsRoomName()
  readonly room: string;
}

import { IsIn } from 'class-validator';

import { IsPersonName } from './fields.js';
import { PRESENCE_STATES, type PresenceState } from './person.js';

export class PersonDto {
  @IsPersonName()
  readonly name: string;
}

export class PresenceStateDto {
  @IsIn(PRESENCE_STATES)
  readonly state: PresenceState;
}

export class PresenceDto extends PresenceStateDto {
  @IsPersonName()
  readonly name: string;
}

import { IsInt, IsOptional, Min } from 'class-validator';

import { IsFileName, IsSha256 } from './fields.js';

export class FileDto {
  @IsFileName()
  readonly name: string;
}

export class PutFileDto extends FileDto {
  /** How many bytes will come, as far as the sender knows: what is too long is refused at once. */
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly size?: number;

  /** What the bytes must come to. */
  @IsOptional()
  @IsSha256()
  readonly sha256?: string;
}

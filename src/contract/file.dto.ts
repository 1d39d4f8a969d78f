import { IsOptional } from 'class-validator';

import { IsFileName, IsSha256 } from './fields.js';

export class FileDto {
  @IsFileName()
  readonly name: string;
}

export class PutFileDto extends FileDto {
  /** What the bytes must come to. */
  @IsOptional()
  @IsSha256()
  readonly sha256?: string;
}

import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { IncomingStream } from 'heartwire';

import { FileDto, PutFileDto } from '../contract/file.dto.js';
import { FilesPattern } from '../contract/files-pattern.js';
import type { FileHead, StoredFile, UploadProgress } from '../contract/stored-file.js';
import { FileStore } from './file-store.js';

@Controller()
export class FilesController {
  constructor(private readonly store: FileStore) {}

  @MessagePattern(FilesPattern.list)
  list(): AsyncIterable<StoredFile> {
    return this.store.list();
  }

  @MessagePattern(FilesPattern.put)
  put(
    @Payload() { name, size, sha256 }: PutFileDto,
    @IncomingStream() bytes: IncomingStream<Buffer>,
  ): AsyncIterable<UploadProgress> {
    return this.store.put(name, bytes, { size, sha256 });
  }

  @MessagePattern(FilesPattern.get)
  get(@Payload() { name }: FileDto): AsyncIterable<FileHead | Buffer> {
    return this.store.get(name);
  }
}

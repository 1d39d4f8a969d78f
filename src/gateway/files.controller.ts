import { pipeline } from 'node:stream/promises';

import {
  BadRequestException,
  Controller,
  Get,
  Headers,
  Inject,
  Logger,
  Param,
  Put,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { HeartwireClient } from 'heartwire';
import { catchError, type Observable, throwError, toArray } from 'rxjs';

import { FileDto } from '../contract/file.dto.js';
import { FilesPattern } from '../contract/files-pattern.js';
import type { FileHead, StoredFile, UploadProgress } from '../contract/stored-file.js';
import { checkedBytes } from './checked-bytes.js';
import { ProgressEvents } from './progress-events.js';
import { toHttpException } from './service-failure.js';
import { FILES } from './service-token.js';

const SHA256 = /^[0-9a-f]{64}$/i;

@Controller('files')
export class FilesController {
  private readonly logger = new Logger(FilesController.name);

  constructor(@Inject(FILES) private readonly client: HeartwireClient) {}

  @Get()
  list(): Observable<readonly StoredFile[]> {
    return this.client.send<StoredFile>(FilesPattern.list, {}, { idempotent: true }).pipe(
      toArray(),
      catchError((failure: unknown) => throwError(() => toHttpException(failure, 'files'))),
    );
  }

  /** Who accepts `text/event-stream` is told of the progress; others get what is stored, at the end. */
  @Put(':name')
  async put(
    @Param() { name }: FileDto,
    @Headers('x-sha256') digest: string | undefined,
    @Headers('content-range') range: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // A part would take the place of the whole.
    if (range !== undefined) throw new BadRequestException('a file must come whole, without content-range');
    const uploading = this.client.send<UploadProgress>(
      FilesPattern.put,
      { name, ...sizeOf(request), ...sha256Of(digest) },
      // Not destroyed with the upload: its connection still has to carry the refusal.
      { stream: request.iterator({ destroyOnReturn: false }) },
    );
    const tellsProgress = request.headers.accept?.includes('text/event-stream') ?? false;
    const events = new ProgressEvents(response);
    try {
      for await (const progress of uploading) {
        if (tellsProgress) await events.tell(progress);
        else if (progress.stored !== undefined)
          response.status(progress.isNew === true ? 201 : 200).json(progress.stored);
      }
      response.end();
    } catch (failure) {
      // A client that still sends would not read the refusal of one that doesn't listen.
      request.resume();
      const refusal = toHttpException(failure, 'files');
      if (!response.headersSent) throw refusal;
      await events.fail(refusal.getResponse());
      response.end();
    }
  }

  @Get(':name')
  async get(@Param() { name }: FileDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const items = this.client.send<FileHead | Buffer>(FilesPattern.get, { name })[Symbol.asyncIterator]();
    const first = await items.next().catch((failure: unknown) => {
      throw toHttpException(failure, 'files');
    });
    const { size, storedAt, sha256 } = first.value as FileHead;
    response.set({
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'last-modified': new Date(storedAt).toUTCString(),
      'x-content-type-options': 'nosniff',
      ...(sha256 !== undefined && { 'x-sha256': sha256 }),
    });
    if (request.method === 'HEAD') {
      await items.return?.();
      response.end();
      return;
    }
    const bytes = { [Symbol.asyncIterator]: () => items } as AsyncIterable<Buffer>;
    // A failure in the middle destroys the response: the client sees that bytes are missing.
    await pipeline(checkedBytes(bytes, { size, sha256 }), response).catch((error: unknown) => {
      this.logger.warn(`The download of "${name}" broke off: ${String(error)}`);
    });
  }
}

/** A file that is too long is refused before it is sent. */
function sizeOf({ headers }: Request): { readonly size?: number } {
  const length = headers['content-length'];
  return length === undefined ? {} : { size: Number(length) };
}

function sha256Of(digest: string | undefined): { readonly sha256?: string } {
  if (digest === undefined) return {};
  if (!SHA256.test(digest)) throw new BadRequestException('x-sha256 must be 64 hexadecimal digits');
  return { sha256: digest.toLowerCase() };
}

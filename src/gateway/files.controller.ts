import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';

import { BadRequestException, Controller, Get, Headers, Inject, Param, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { HeartwireClient } from 'heartwire';
import { catchError, type Observable, throwError } from 'rxjs';

import { FileDto } from '../contract/file.dto.js';
import { FilesPattern } from '../contract/files-pattern.js';
import type { StoredFile, UploadProgress } from '../contract/stored-file.js';
import { toHttpException } from './chat-failure.js';
import { FILES } from './chat-token.js';

const SHA256 = /^[0-9a-f]{64}$/i;

@Controller('files')
export class FilesController {
  constructor(@Inject(FILES) private readonly client: HeartwireClient) {}

  @Get()
  list(): Observable<readonly StoredFile[]> {
    return this.client
      .send<readonly StoredFile[]>(FilesPattern.list, {}, { idempotent: true })
      .pipe(catchError((failure: unknown) => throwError(() => toHttpException(failure, 'files'))));
  }

  /** Who accepts `text/event-stream` is told of the progress; others get what is stored, at the end. */
  @Put(':name')
  async put(
    @Param() { name }: FileDto,
    @Headers('x-sha256') digest: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (digest !== undefined && !SHA256.test(digest)) {
      throw new BadRequestException('x-sha256 must be 64 hexadecimal digits');
    }
    const tellsProgress = request.headers.accept?.includes('text/event-stream') ?? false;
    const sha256 = digest?.toLowerCase();
    const uploading = this.client.send<UploadProgress>(
      FilesPattern.put,
      { name, ...(sha256 !== undefined && { sha256 }) },
      // Not destroyed with the upload: its connection still has to carry the refusal.
      { stream: request.iterator({ destroyOnReturn: false }) },
    );
    try {
      for await (const progress of uploading) {
        if (tellsProgress) await tell(response, progress);
        else if (progress.stored !== undefined) response.status(201).json(progress.stored);
      }
      response.end();
    } catch (failure) {
      const refusal = toHttpException(failure, 'files');
      if (!response.headersSent) {
        // What the client still sends is not read: the connection can't be used again.
        response.set('connection', 'close');
        throw refusal;
      }
      response.end(`event: error\ndata: ${JSON.stringify(refusal.getResponse())}\n\n`);
    }
  }

  @Get(':name')
  async get(@Param() { name }: FileDto, @Res() response: Response): Promise<void> {
    const items = this.client.send<StoredFile | Buffer>(FilesPattern.get, { name })[Symbol.asyncIterator]();
    const first = await items.next().catch((failure: unknown) => {
      throw toHttpException(failure, 'files');
    });
    const { size, storedAt } = first.value as StoredFile;
    response.set({
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'last-modified': new Date(storedAt).toUTCString(),
      'x-content-type-options': 'nosniff',
    });
    // A failure in the middle destroys the response: the client sees that bytes are missing.
    await pipeline({ [Symbol.asyncIterator]: () => items } as AsyncIterable<Buffer>, response).catch(
      () => undefined,
    );
  }
}

async function tell(response: Response, progress: UploadProgress): Promise<void> {
  if (!response.headersSent)
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  if (!response.write(`data: ${JSON.stringify(progress)}\n\n`) && !response.destroyed)
    await once(response, 'drain');
}

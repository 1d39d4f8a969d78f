import { type INestMicroservice, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { HeartwireExceptionFilter, HeartwireServer, type HeartwireServerOptions } from 'heartwire';

import { strictValidation } from '../contract/strict-validation.js';
import { FileStore, STORE_OPTIONS, type StoreOptions } from './file-store.js';
import { FilesController } from './files.controller.js';

@Module({ controllers: [FilesController], providers: [FileStore] })
class FilesModule {}

export interface Files {
  readonly app: INestMicroservice;
  readonly server: HeartwireServer;
}

/** The files service, ready to listen. */
export async function createFiles(
  options: HeartwireServerOptions,
  store: StoreOptions,
  logger?: LoggerService,
): Promise<Files> {
  const server = new HeartwireServer(options);
  const module = {
    module: FilesModule,
    providers: [{ provide: STORE_OPTIONS, useValue: store }],
  };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy: server,
    abortOnError: false,
    ...(logger && { logger }),
  });
  app.useGlobalPipes(strictValidation());
  app.useGlobalFilters(new HeartwireExceptionFilter());
  return { app, server };
}

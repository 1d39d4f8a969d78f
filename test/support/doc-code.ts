import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import ts from 'typescript';

import type { CodeBlock } from './markdown.js';

const root = resolve(import.meta.dirname, '../..');

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  strict: true,
  strictPropertyInitialization: false,
  noUncheckedIndexedAccess: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    heartwire: [join(root, 'libs/heartwire/src/index.ts')],
    'heartwire/*': [join(root, 'libs/heartwire/src/*/index.ts')],
  },
};

/** What an example without imports of its own takes as given. */
const IMPORTS = `
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Controller, Get, type INestMicroservice, Inject, Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AsyncMicroserviceOptions, ClientsModule, Ctx, EventPattern, MessagePattern, type MicroserviceOptions, Payload, RpcException, Transport } from '@nestjs/microservices';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { ErrorCode, HEARTWIRE, HeartwireClient, HeartwireContext, HeartwireError, HeartwireExceptionFilter, HeartwireHealthIndicator, HeartwireModule, HeartwireServer, IncomingStream } from 'heartwire';
import { first, firstValueFrom, from, interval, lastValueFrom, of, startWith, type Subject } from 'rxjs';
`;

/** Modules of the pages' examples, in a folder of their own from which the project's packages are found. */
export class DocCode {
  private readonly folder: string;
  private readonly files = new Map<string, string>();

  /** @param given what the examples without imports may use beside the packages: source by name */
  constructor(private readonly given: Readonly<Record<string, string>>) {
    const cache = join(root, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    this.folder = mkdtempSync(join(cache, 'doc-code-'));
  }

  /** Adds a block as a module. Its name stands in its first line, or it is that of its place in the page. */
  add(page: string, { code, line }: CodeBlock): string {
    const [, named] = /^\/\/ ([\w.-]+)\.ts\n/.exec(code) ?? [];
    const name = named ?? `${page}-line-${String(line)}`;
    this.files.set(name, /^import /m.test(code) ? code : this.withImports(code));
    return name;
  }

  /** What TypeScript has against them: `page-line-12: …`. */
  faults(): readonly string[] {
    const paths = [...this.files].map(([name, source]) => this.write(`${name}.ts`, source));
    const program = ts.createProgram(paths, compilerOptions);
    return paths
      .flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)))
      .map(({ file, messageText }) => {
        const where = file === undefined ? '' : relative(this.folder, file.fileName);
        return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      });
  }

  /**
   * Runs a module and gives what it names at its top level. Those that it imports must have been compiled.
   *
   * @param change the source, before it is run
   */
  async run(name: string, change: (source: string) => string): Promise<Readonly<Record<string, unknown>>> {
    return (await import(this.compile(name, change))) as Readonly<Record<string, unknown>>;
  }

  /** The path of the module, ready to be imported. */
  compile(name: string, change: (source: string) => string): string {
    const source = this.files.get(name);
    if (source === undefined) throw new Error(`no example is named ${name}`);
    const constants = [...source.matchAll(/^const (\w+)/gm)].map(([, constant]) => constant);
    const { outputText } = ts.transpileModule(`${change(source)}\nexport { ${constants.join(', ')} };`, {
      compilerOptions: { ...compilerOptions, noEmit: false, module: ts.ModuleKind.ESNext },
    });
    return this.write(`${name}.mjs`, outputText);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An example may itself name what others are given. */
  private withImports(code: string): string {
    const given = Object.entries(this.given)
      .filter(([name]) => !new RegExp(`^(?:const|class) ${name}\\b`, 'm').test(code))
      .map(([, source]) => source);
    return [IMPORTS, ...given, code, 'export {};'].join('\n');
  }

  private write(file: string, text: string): string {
    const path = join(this.folder, file);
    writeFileSync(path, text);
    return path;
  }
}

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

// What a project of users is compiled with: `declaration` as Nest's own template has it, and the strictest rules.

const root = resolve(import.meta.dirname, '..');
const library = join(root, 'libs/heartwire');

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  declaration: true,
};

/** Nobody writes down what these give, as few do in a Nest service. */
const service = `
import { type HeartwireClient, type HeartwireClientOptions, type HeartwireContext, type HeartwirePushContext, type HeartwireServer, type HeartwireServerOptions, type SendOptions } from 'heartwire';

export class Shop {
  constructor(private readonly orders: HeartwireClient, private readonly server: HeartwireServer) {}

  create(item: string) { return this.orders.send<{ id: number }>('orders.create', { item }); }
  paid(id: number) { return this.orders.emit('orders.paid', { id }); }
  watch() { return [this.orders.liveness$, this.orders.status, this.orders.endpoints, this.orders.on$('said')] as const; }
  facts(ctx: HeartwireContext) { return { ...ctx.connection.snapshot, metadata: ctx.metadata, stream: ctx.stream }; }
  pushed(ctx: HeartwirePushContext) { return { metadata: ctx.metadata, stream: ctx.stream }; }
  ask(id: string) { return this.server.hub.client(id).send<boolean>('sure', {}); }
  hub() { return [this.server.hub.broadcast, this.server.hub.presence$, this.server.connections$, this.server.connections] as const; }
}

export const ofClient = (options: HeartwireClientOptions) => ({ ...options });
export const ofServer = (options: HeartwireServerOptions) => ({ ...options });
export const ofCall = (options: SendOptions) => ({ ...options });
`;

const maybe = `
import { HeartwireClient, type HeartwireHub, HeartwireModule } from 'heartwire';
import { connect } from 'heartwire/browser';
import { FaultProxy } from 'heartwire/testing';

export function call(hub: HeartwireHub, timeoutMs?: number, signal?: AbortSignal, metadata?: Record<string, string>, isGlobal?: boolean) {
  HeartwireModule.register({ clients: [{ name: 'ORDERS', url: 'tcp://orders:4001', callTimeoutMs: timeoutMs }], isGlobal });
  const client = new HeartwireClient({ url: 'tcp://orders:4001', callTimeoutMs: timeoutMs, limits: { waitingCalls: timeoutMs } });
  client.send('a', 1, { timeoutMs, signal, metadata, idleTimeoutMs: timeoutMs });
  client.emit('a', 1, { timeoutMs, metadata });
  hub.broadcast.emit('a', 1, { metadata });
  connect({ url: '/heartwire', callTimeoutMs: timeoutMs, limits: { waitingCalls: timeoutMs }, reconnect: { maxMs: timeoutMs } });
  return FaultProxy.to('tcp://127.0.0.1:1', { seed: timeoutMs });
}
`;

describe('the types of the package, in a project that has installed it', () => {
  let folder: string;

  /** The sources in place of what is built of them. */
  beforeAll(() => {
    const cache = join(root, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'package-types-'));
    const installed = join(folder, 'node_modules/heartwire');
    cpSync(join(library, 'src'), join(installed, 'src'), {
      recursive: true,
      filter: (path) => !path.endsWith('.spec.ts'),
    });
    const text = readFileSync(join(library, 'package.json'), 'utf8');
    const atSources = text.replaceAll(/dist\/([\w/]+)\.(?:d\.ts|js)/g, 'src/$1.ts');
    writeFileSync(join(installed, 'package.json'), atSources);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const faultsOf = (source: string): readonly string[] => {
    const path = join(folder, 'user.ts');
    writeFileSync(path, source);
    const program = ts.createProgram([path], compilerOptions);
    return ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };

  it('have names that the declarations of that project can use', () => {
    expect(faultsOf(service)).toEqual([]);
  }, 180_000);

  it('take an option that may be undefined', () => {
    expect(faultsOf(maybe)).toEqual([]);
  }, 180_000);

  it('leave out what is for the library only', () => {
    const { config } = ts.readConfigFile(join(library, 'tsconfig.lib.json'), (path) =>
      ts.sys.readFile(path),
    ) as {
      readonly config: { readonly compilerOptions: ts.CompilerOptions };
    };
    const source = readFileSync(join(library, 'src/server/server-connection.ts'), 'utf8');
    const { stripInternal } = config.compilerOptions;
    const { outputText } = ts.transpileDeclaration(source, {
      compilerOptions: { ...compilerOptions, stripInternal },
    });
    expect(outputText).toContain('emit(');
    expect(outputText).not.toMatch(/session:|push\(/);
  });
});

import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, ExternalContextCreator, type ParamsFactory } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';

import type { HeartwireClient } from '../client/heartwire.client.js';
import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { type DecoratedMethod, DecoratedMethods } from './decorated-methods.js';
import { PUSH_PATTERN, type PushPatternMetadata } from './push-pattern.decorator.js';

/** The clients of one registration, by name. */
export const OWN_CLIENTS = Symbol('clients of a HeartwireModule');
type OwnClients = ReadonlyMap<string | symbol, HeartwireClient>;

/** Where Nest's parameter decorators leave word; the same for every kind of handler. */
const PARAMETERS = '__routeArguments__';
/** Nest's numbers of `@Payload()` and `@Ctx()`. */
const PAYLOAD = 3;
const CONTEXT = 6;

/** What a handler of pushes is called with: the data, and the context. */
const parameters: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, [data, context]: unknown[]) {
    if (type === CONTEXT) return context;
    if (type !== PAYLOAD) return undefined;
    return typeof property === 'string' ? memberOf(data, property) : data;
  },
};

function memberOf(data: unknown, name: string): unknown {
  return (data as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

/** Nest's own, but that an Observable may end without a value, as one of a handler may: then the answer has none. */
function lenient(contexts: ExternalContextCreator): ExternalContextCreator {
  return Object.assign(Object.create(contexts) as ExternalContextCreator, {
    transformToResult: (result: unknown): unknown =>
      isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result,
  });
}

/** Gives the `@PushPattern` methods of the application to the clients that they are for. */
@Injectable()
export class PushBinder implements OnApplicationBootstrap {
  private readonly contexts: ExternalContextCreator;

  constructor(
    @Inject(OWN_CLIENTS) private readonly clients: OwnClients,
    private readonly discovery: DiscoveryService,
    private readonly methods: DecoratedMethods,
    contexts: ExternalContextCreator,
  ) {
    this.contexts = lenient(contexts);
  }

  /**
   * With the clients' first connect, nothing is pushed before its handler is there.
   *
   * @throws HeartwireError `INVALID_OPTIONS` for a method that is for a client which no `HeartwireModule` has
   */
  onApplicationBootstrap(): void {
    const names = this.allNames();
    for (const found of this.methods.find<PushPatternMetadata>(PUSH_PATTERN)) {
      const { from } = found.metadata;
      if (from !== undefined && !names.has(from)) throw noSuchClient(found, names);
      this.bind(found);
    }
  }

  private bind(found: DecoratedMethod<PushPatternMetadata>): void {
    const { from, pattern } = found.metadata;
    const handler = this.handlerOf(found);
    for (const [name, client] of this.clients) {
      if (from === undefined || from === name) client.handle(pattern, handler);
    }
  }

  /** Of the clients of all registrations. */
  private allNames(): ReadonlySet<string | symbol> {
    const registered = this.discovery.getProviders().filter(({ token }) => token === OWN_CLIENTS);
    return new Set(registered.flatMap(({ instance }) => [...(instance as OwnClients).keys()]));
  }

  private handlerOf({ host, method, name }: DecoratedMethod<PushPatternMetadata>) {
    const options = { guards: true, interceptors: true, filters: true };
    return this.contexts.create(
      host,
      method,
      name,
      PARAMETERS,
      parameters,
      undefined,
      undefined,
      options,
      'rpc',
    );
  }
}

function noSuchClient(
  { host, name, metadata }: DecoratedMethod<PushPatternMetadata>,
  names: ReadonlySet<string | symbol>,
): HeartwireError {
  const where = `${host.constructor.name}.${name}`;
  const known = [...names].map(String).join(', ');
  return new HeartwireError(
    ErrorCode.INVALID_OPTIONS,
    `@PushPattern of ${where}: from must be the name of a client of HeartwireModule (${known}), not ${String(metadata.from)}`,
  );
}

import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  DiscoveryService,
  ExternalContextCreator,
  ModulesContainer,
  type ParamsFactory,
} from '@nestjs/core';

import type { HeartwireClient } from '../client/heartwire.client.js';
import type { PushHandler } from '../client/pushes.js';
import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { firstLineOf } from '../errors/thrown.js';
import { patternText } from '../session/call-body.js';
import { type DecoratedMethod, DecoratedMethods } from './decorated-methods.js';
import { PUSH_PATTERN, type PushPatternMetadata } from './push-pattern.decorator.js';
import { PushResults } from './push-results.js';

/** The clients of one registration, by name. */
export const OWN_CLIENTS = Symbol('clients of a HeartwireModule');
type OwnClients = ReadonlyMap<string | symbol, HeartwireClient>;

/** A test may have put anything in a client's place that has `send` and `emit`. */
function isPushedTo(client: Partial<HeartwireClient> | null | undefined): client is HeartwireClient {
  return typeof client?.handle === 'function';
}

/** Where Nest's parameter decorators leave word (its `ROUTE_ARGS_METADATA`); the same for every kind of handler. */
const PARAMETERS = '__routeArguments__';
/** Nest's numbers of `@Payload()` and `@Ctx()` (its `RpcParamtype`). */
const PAYLOAD = 3;
const CONTEXT = 6;

const FOR_ALL = [APP_GUARD, APP_PIPE, APP_INTERCEPTOR, APP_FILTER];

/** What a handler of pushes is called with: the data, and the context. */
const parameters: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, [data, context]: unknown[]) {
    if (type === CONTEXT) return context;
    if (type !== PAYLOAD) return undefined;
    return typeof property === 'string' ? memberOf(data, property) : data;
  },
};

/** What a method gets that says nothing of its parameters, through its pipes. */
const WHOLE_DATA = {
  index: 0,
  type: PAYLOAD,
  data: undefined,
  pipes: [],
  extractValue: (data: unknown) => data,
};

function memberOf(data: unknown, name: string): unknown {
  return (data as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

/**
 * Nest's own, but as with handlers: an Observable ends with its call, or without a value, and then the answer has none;
 * where no parameter is decorated, the data go through the pipes and are the first; and controllers have a module, which
 * Nest knows of providers only: it leaves out the guards and pipes of anything else.
 */
function contextsOf(
  contexts: ExternalContextCreator,
  modules: ModulesContainer,
  results: PushResults,
  host: object,
) {
  return Object.assign(Object.create(contexts) as ExternalContextCreator, {
    transformToResult: (result: unknown): unknown => results.of(result),
    getMetadata: (...args: Parameters<ExternalContextCreator['getMetadata']>) => {
      const known = contexts.getMetadata(...args);
      return known.argsLength > 0
        ? known
        : { ...known, argsLength: 1, getParamsMetadata: () => [WHOLE_DATA] };
    },
    getContextModuleKey: (type: Type) => moduleOf(modules, host) ?? contexts.getContextModuleKey(type),
  });
}

function moduleOf(modules: ModulesContainer, host: object): string | undefined {
  const found = [...modules].find(([, { controllers }]) =>
    [...controllers.values()].some(({ instance }) => instance === host),
  );
  return found?.[0];
}

/** Gives the `@PushPattern` methods of the application to the clients that they are for. */
@Injectable()
export class PushBinder implements OnApplicationBootstrap {
  private readonly results = new PushResults();

  constructor(
    @Inject(OWN_CLIENTS) private readonly clients: OwnClients,
    private readonly discovery: DiscoveryService,
    private readonly methods: DecoratedMethods,
    private readonly modules: ModulesContainer,
    private readonly contexts: ExternalContextCreator,
  ) {}

  /**
   * With the clients' first connect, nothing is pushed before its handler is there.
   *
   * @throws HeartwireError `INVALID_OPTIONS` for a method that is for a client which no `HeartwireModule` has, for what is
   * no pattern, or whose guards and pipes Nest would leave out; then no client has begun to connect
   */
  onApplicationBootstrap(): void {
    const names = this.allNames();
    const methods = this.methods.find<PushPatternMetadata>(PUSH_PATTERN);
    const leftOut = this.leftOut();
    for (const found of methods) check(found, names, leftOut);
    for (const found of methods) this.bind(found);
  }

  private bind(found: DecoratedMethod<PushPatternMetadata>): void {
    const { from, patterns } = found.metadata;
    const handler = this.handlerOf(found);
    for (const [name, client] of this.clients) {
      if (!isPushedTo(client) || (from !== undefined && from !== name)) continue;
      for (const pattern of patterns) client.handle(pattern, handler);
    }
  }

  /** Of the clients of all registrations. */
  private allNames(): ReadonlySet<string | symbol> {
    const registered = this.discovery.getProviders().filter(({ token }) => token === OWN_CLIENTS);
    return new Set(registered.flatMap(({ instance }) => [...(instance as OwnClients).keys()]));
  }

  /** Nest keeps what is to be made for each request apart from providers, and gives it to controllers alone. */
  private leftOut(): string | undefined {
    const kept = [...this.modules.values()].flatMap(({ injectables }) => [...injectables.keys()]);
    return FOR_ALL.find((name) => kept.some((key) => typeof key === 'string' && key.startsWith(name)));
  }

  private handlerOf({ host, method, name }: DecoratedMethod<PushPatternMetadata>): PushHandler {
    const options = { guards: true, interceptors: true, filters: true };
    const run = contextsOf(this.contexts, this.modules, this.results, host).create(
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
    return (data, context) => this.results.during(context, () => run(data, context));
  }
}

/** @throws HeartwireError `INVALID_OPTIONS` */
function check(
  { host, name, metadata, isForeign }: DecoratedMethod<PushPatternMetadata>,
  names: ReadonlySet<string | symbol>,
  leftOut: string | undefined,
): void {
  const mistake = (what: string): HeartwireError =>
    new HeartwireError(
      ErrorCode.INVALID_OPTIONS,
      `@PushPattern of ${host.constructor.name}.${name}: ${what}`,
    );
  const { from, patterns } = metadata;
  if (isForeign)
    throw mistake(
      'its class must be a provider, a controller or a useClass: of what a factory or a value gives, Nest applies no guards and pipes',
    );
  if (leftOut !== undefined)
    throw mistake(`each ${leftOut} must have the default scope: Nest would leave one of another scope out`);
  if (from !== undefined && !names.has(from)) {
    const known = [...names].map(String).join(', ');
    throw mistake(`from must be the name of a client of HeartwireModule (${known}), not ${String(from)}`);
  }
  try {
    patterns.forEach(patternText);
  } catch (error) {
    throw mistake(firstLineOf(error));
  }
}

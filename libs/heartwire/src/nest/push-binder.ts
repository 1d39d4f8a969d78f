import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ExternalContextCreator, type ParamsFactory } from '@nestjs/core';

import type { HeartwireClient } from '../client/heartwire.client.js';
import { type DecoratedMethod, DecoratedMethods } from './decorated-methods.js';
import { PUSH_PATTERN, type PushPatternMetadata } from './push-pattern.decorator.js';

/** The clients of one registration, by name. */
export const OWN_CLIENTS = Symbol('clients of a HeartwireModule');

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

/** Gives the `@PushPattern` methods of the application to the clients that they are for. */
@Injectable()
export class PushBinder implements OnApplicationBootstrap {
  constructor(
    @Inject(OWN_CLIENTS) private readonly clients: ReadonlyMap<string | symbol, HeartwireClient>,
    private readonly methods: DecoratedMethods,
    private readonly contexts: ExternalContextCreator,
  ) {}

  /** With the clients' first connect, nothing is pushed before its handler is there. */
  onApplicationBootstrap(): void {
    for (const found of this.methods.find<PushPatternMetadata>(PUSH_PATTERN)) this.bind(found);
  }

  private bind(found: DecoratedMethod<PushPatternMetadata>): void {
    const { from, pattern } = found.metadata;
    const handler = this.handlerOf(found);
    for (const [name, client] of this.clients) {
      if (from === undefined || from === name) client.handle(pattern, handler);
    }
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

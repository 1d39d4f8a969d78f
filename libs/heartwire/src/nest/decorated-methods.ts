import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** A method that a decorator has marked, on the instance that has it. */
export interface DecoratedMethod<Metadata> {
  readonly host: object;
  readonly name: string;
  readonly method: (...args: unknown[]) => unknown;
  readonly metadata: Metadata;
  /** Whether a factory made the instance, or it was given as a value: Nest doesn't know its class then. */
  readonly isForeign: boolean;
}

/** Finds the methods of an application's providers and controllers that a decorator has marked. */
@Injectable()
export class DecoratedMethods {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws Error for a method of a class that has no one instance: one of another scope than the default */
  find<Metadata>(key: string): readonly DecoratedMethod<Metadata>[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    // A factory, or another name, may give what is a provider in its own right: that counts.
    wrappers.sort((one, other) => Number(one.isNotMetatype) - Number(other.isNotMetatype));
    const hosts = new Set<object>();
    return wrappers.flatMap((wrapper) => {
      // By the instance and not the class, which what a factory makes, or a value, doesn't tell.
      const host = wrapper.instance as unknown;
      if (typeof host !== 'object' || host === null || hosts.has(host)) return [];
      hosts.add(host);
      const isForeign = wrapper.isNotMetatype;
      const found = this.methodsOf<Metadata>(host, key).map((method) => ({ ...method, isForeign }));
      const [first] = found;
      if (first === undefined || (wrapper.isDependencyTreeStatic() && !wrapper.isTransient)) return found;
      const where = `${host.constructor.name}.${first.name}`;
      throw new Error(
        `${where} belongs to no one instance: its class must have the default scope, and so must its guards, pipes, interceptors and filters and all that they need`,
      );
    });
  }

  private methodsOf<Metadata>(
    host: object,
    key: string,
  ): readonly Omit<DecoratedMethod<Metadata>, 'isForeign'>[] {
    const prototype = Object.getPrototypeOf(host) as Record<string, unknown> | null;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = prototype?.[name] as DecoratedMethod<Metadata>['method'];
      const metadata = Reflect.getMetadata(key, method) as Metadata | undefined;
      return metadata === undefined ? [] : [{ host, name, method, metadata }];
    });
  }
}

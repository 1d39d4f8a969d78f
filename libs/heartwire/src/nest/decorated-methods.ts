import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** A method that a decorator has marked, on the instance that has it. */
export interface DecoratedMethod<Metadata> {
  readonly host: object;
  readonly name: string;
  readonly method: (...args: unknown[]) => unknown;
  readonly metadata: Metadata;
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
    return wrappers.flatMap((wrapper) => {
      const { metatype } = wrapper;
      const isClass = typeof metatype === 'function' && !wrapper.isAlias && !wrapper.isNotMetatype;
      const prototype = isClass ? (metatype.prototype as Record<string, unknown> | undefined) : undefined;
      if (prototype === undefined) return [];
      const found = this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const method = prototype[name] as DecoratedMethod<Metadata>['method'];
        const metadata = Reflect.getMetadata(key, method) as Metadata | undefined;
        return metadata === undefined ? [] : [{ host: wrapper.instance as object, name, method, metadata }];
      });
      const [first] = found;
      if (first === undefined || wrapper.isDependencyTreeStatic()) return found;
      const where = `${metatype?.name ?? ''}.${first.name}`;
      throw new Error(`${where} belongs to no request: its class must have the default scope`);
    });
  }
}

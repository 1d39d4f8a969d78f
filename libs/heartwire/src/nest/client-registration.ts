import type {
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';

import type { HeartwireClientOptions } from '../options/client-options.js';

/** Keeps that a client has either `url` or `urls`. */
type WithoutName<Options> = Options extends unknown ? Omit<Options, 'name'> : never;

/** A client under an injection token, its `name`. */
export type HeartwireClientRegistration = WithoutName<HeartwireClientOptions> & {
  readonly name: string | symbol;
};

/** What a class has that makes the options of a client, as with Nest's `ClientsModule`. */
export interface HeartwireClientOptionsFactory {
  createClientOptions(): HeartwireClientOptions | Promise<HeartwireClientOptions>;
}

interface AsyncRegistration extends Pick<ModuleMetadata, 'imports'> {
  readonly name: string | symbol;
  /** What the options need, and no import provides. */
  readonly extraProviders?: readonly Provider[] | undefined;
}

interface MadeByFunction extends AsyncRegistration {
  /** What `useFactory` is called with. */
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;
  // Nest's own signature for factories.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...args: any[]) => HeartwireClientOptions | Promise<HeartwireClientOptions>;
}

interface MadeByClass extends AsyncRegistration {
  /** Makes the options, and is provided for that. */
  readonly useClass: Type<HeartwireClientOptionsFactory>;
}

interface MadeByProvider extends AsyncRegistration {
  /** Makes the options, and is there: of one of the `imports`, for example. */
  readonly useExisting: Type<HeartwireClientOptionsFactory>;
}

/** A client whose options are known only when the application starts. */
export type HeartwireAsyncClientRegistration = MadeByFunction | MadeByClass | MadeByProvider;

/** Clients, for the module that imports them or, with `isGlobal`, for the whole application. */
export type HeartwireRegistrations<Registration> =
  | readonly Registration[]
  | {
      readonly clients: readonly Registration[];
      /** Default: false. */
      readonly isGlobal?: boolean | undefined;
    };

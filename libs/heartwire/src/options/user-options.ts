import type { AttachableServer } from './attachable.js';

/** Exactly one of `url` and `urls`. */
export type UrlChoice =
  | {
      /** `tcp://host:port` (an IPv6 address in brackets), `tls://host:port`, `ws://host:port/path`, `wss://host:port/path`, `unix:///absolute/path`, or for a client `srv+tcp://_service._tcp.domain`. */
      readonly url: string;
      readonly urls?: undefined;
    }
  | {
      /** Several urls: all of them to listen on, or replicas of one service to call. */
      readonly urls: readonly string[];
      readonly url?: undefined;
    };

/** Where a server is: it may do without a url when it is attached to an HTTP server. */
export type PlaceChoice =
  UrlChoice | { readonly attach: AttachableServer; readonly url?: undefined; readonly urls?: undefined };

/** A function in place of a section is written as it is. */
type UserSection<Section> = Section extends (...args: never) => unknown
  ? Section
  : { readonly [Key in keyof Section]?: Section[Key] | undefined };

/**
 * What a user writes for a class of options: everything may be left out but the url. `SectionName` names the options that are
 * objects of options themselves; `heartbeat: 'adaptive'` is short for one of them.
 */
export type UserOptions<Options, SectionName extends keyof Options, Choice = UrlChoice> = Choice & {
  readonly [Key in keyof Options as Exclude<Key, 'url' | 'urls'>]?:
    | (Key extends SectionName ? UserSection<Options[Key]> : Options[Key])
    | (Key extends 'heartbeat' ? 'adaptive' : never)
    | undefined;
};

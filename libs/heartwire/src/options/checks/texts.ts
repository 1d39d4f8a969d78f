import { shownValue } from '../shown-value.js';
import { isPath } from '../url.js';
import { Check } from './check.js';

/** A name that the other end may write to its log as it is. May be left out. */
export function PeerName(): PropertyDecorator {
  return Check('peerName', (value) => {
    if (value === undefined || (typeof value === 'string' && /^\P{Cc}{1,128}$/u.test(value)))
      return undefined;
    const wanted = 'must be a text of 1 to 128 characters without control characters';
    return `${wanted}: it is ${shownValue(value)}; give a shorter, plain name, or leave it out`;
  });
}

export function YesOrNo(): PropertyDecorator {
  return Check('yesOrNo', (value) => {
    if (typeof value === 'boolean') return undefined;
    return `must be true or false: it is ${shownValue(value)}; give one of them without quotes, or leave it out`;
  });
}

/** One of these words. May be left out. */
export function OneOf(...words: readonly string[]): PropertyDecorator {
  return Check('oneOf', (value) => {
    if (value === undefined || words.some((word) => word === value)) return undefined;
    const names = words.map((word) => `"${word}"`).join(' or ');
    return `must be ${names}: it is ${shownValue(value)}; give one of them, or leave it out`;
  });
}

/** A name that may stand in a certificate. May be left out. */
export function HostName(): PropertyDecorator {
  return Check('hostName', (value) =>
    value === undefined || (typeof value === 'string' && /^[^\s/:]{1,253}$/.test(value))
      ? undefined
      : `must be a host name: it is ${shownValue(value)}; give one without scheme and port, or leave it out`,
  );
}

/** The path of a request, for `attach`. May be left out. */
export function RequestPath(): PropertyDecorator {
  return Check('requestPath', (value, { object }) => {
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !isPath(value))
      return `must be a path without a query: it is ${shownValue(value)}; give one such as "/heartwire"`;
    return (object as { attach?: unknown }).attach === undefined
      ? `must not be given without attach: it is ${shownValue(value)}; write it into the ws:// url`
      : undefined;
  });
}

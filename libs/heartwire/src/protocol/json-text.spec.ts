import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { jsonText } from './json-text.js';

const LONG = 'Any byte received is a sign of life; bytes sent never are. '.repeat(50);

/** A text as long as that, with something in it somewhere. */
const longText = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 4 }), fc.nat(LONG.length))
  .map(([odd, at]) => LONG.slice(0, at) + odd + LONG.slice(at));
const member = fc.oneof(
  longText,
  fc.jsonValue(),
  fc.constantFrom(undefined, () => 1, Symbol('s'), NaN, new Date(0)),
);
const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('__proto__', '7', 'toJSON', 'length'),
);

describe('the JSON of a value', () => {
  it('is what JSON.stringify makes of it', () => {
    const entries = fc.array(fc.tuple(key, member), { maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(longText, entries.map(Object.fromEntries), entries, member), (value: unknown) => {
        expect(jsonText(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each(
    Array.from({ length: 0x100 }, (_, code) => code).concat(0x2028, 0xd7ff, 0xd800, 0xdfff, 0xe000, 0xffff),
  )('is so with a character of code %i in a long text', (code) => {
    for (const text of [LONG + String.fromCharCode(code), String.fromCharCode(code) + LONG]) {
      expect(jsonText(text)).toBe(JSON.stringify(text));
      expect(jsonText({ text })).toBe(JSON.stringify({ text }));
    }
  });

  it('is so of objects that are not written by their members', () => {
    class Document {
      readonly text = LONG;
      get title() {
        return 'not its own';
      }
    }
    class Secret extends Document {
      toJSON(as: string) {
        return `as ${as}`;
      }
    }
    const proxied = new Proxy({ text: LONG }, {});
    // Node 22 has it, and Node 20 doesn't.
    const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
    const digits = rawJSON?.('1'.repeat(LONG.length));
    const values = [
      new Document(),
      new Secret(),
      { text: LONG, secret: new Secret() },
      { text: LONG, toJSON: () => 'another' },
      { text: LONG, toJSON: 'no function' },
      Object.assign(new String('boxed'), { text: LONG }),
      Object.assign(new Number(7), { text: LONG }),
      Object.assign(Object.create(null), { text: LONG }),
      Object.assign([1], { text: LONG }),
      Object.create({ text: LONG }),
      new Map([['text', LONG]]),
      Object.assign(new Map(), { text: LONG }),
      Object.assign(new Error('failed'), { text: LONG }),
      Object.assign(() => undefined, { text: LONG }),
      proxied,
      digits,
      { text: LONG, digits },
      { [Symbol('hidden')]: 1, text: LONG },
      Object.defineProperty({ text: LONG }, 'hidden', { value: LONG, enumerable: false }),
    ];
    for (const value of values) expect(jsonText(value)).toBe(JSON.stringify(value));
  });

  it('fails where JSON.stringify fails', () => {
    const circle: Record<string, unknown> = { text: LONG };
    circle['self'] = circle;
    expect(() => jsonText(circle)).toThrow(TypeError);
    expect(() => jsonText({ text: LONG, big: 1n })).toThrow(TypeError);
  });
});

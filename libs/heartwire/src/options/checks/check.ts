import { ValidateBy, type ValidationArguments } from 'class-validator';

/**
 * Says what is wrong with a value, or `undefined` if nothing is. The sentence goes on after the option's path:
 * `must be …: it is …; <what to do>`. A line that begins with `[` is about an element.
 */
export type Judgement = (value: unknown, args: ValidationArguments) => string | undefined;

/** A class-validator decorator for a judgement. */
export function Check(name: string, judge: Judgement): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, args) => args !== undefined && judge(value, args) === undefined,
      defaultMessage: (args) => (args === undefined ? '' : (judge(args.value, args) ?? '')),
    },
  });
}

/** What an option is when it is left out: what its class starts it with. */
export function defaultOf({ object, property }: ValidationArguments): unknown {
  const Options = object.constructor as new () => Partial<Record<string, unknown>>;
  return new Options()[property];
}

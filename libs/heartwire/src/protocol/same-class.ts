/** `Buffer`, as far as it is used here; and what each class of arrays has. */
interface ArrayClass {
  readonly allocUnsafeSlow?: (length: number) => Uint8Array;
  readonly [Symbol.species]: new (length: number) => Uint8Array;
}

/**
 * An array of the class of another, to be filled whole: beside a `Buffer` it is a `Buffer` of its own memory, which is not
 * cleared.
 */
export function sameClass(other: Uint8Array, length: number): Uint8Array {
  const kind = other.constructor as unknown as ArrayClass;
  return kind.allocUnsafeSlow?.(length) ?? new kind[Symbol.species](length);
}

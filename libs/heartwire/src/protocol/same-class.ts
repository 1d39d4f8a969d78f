/** An array of the class of another, as `TypedArray.prototype.slice` would make it: beside a `Buffer`, a `Buffer`. */
export function sameClass(other: Uint8Array, length: number): Uint8Array {
  const { [Symbol.species]: Species } = other.constructor as unknown as {
    readonly [Symbol.species]: new (length: number) => Uint8Array;
  };
  return new Species(length);
}

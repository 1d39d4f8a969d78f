const BEFORE = Symbol('what stood there before');

interface Before {
  readonly own: PropertyDescriptor | undefined;
  isWanted: boolean;
}

type Method = (...args: never[]) => unknown;

/**
 * Puts a method in the place of another object's one.
 *
 * @returns puts back what stood there. Stand-ins go in any order: one that another stands before goes with that one; what
 * somebody else has put there stays.
 */
export function replaceMethod<Own extends Method>(object: object, key: string, method: Own): () => void {
  const own = Object.getOwnPropertyDescriptor(object, key);
  const before: Before = { own, isWanted: true };
  const value = Object.assign(method, { [BEFORE]: before });
  Object.defineProperty(object, key, {
    configurable: true,
    enumerable: true,
    writable: true,
    ...own,
    value,
  });
  return () => {
    before.isWanted = false;
    for (let last = beforeOf(object, key); last?.isWanted === false; last = beforeOf(object, key)) {
      if (last.own === undefined) Reflect.deleteProperty(object, key);
      else Object.defineProperty(object, key, last.own);
    }
  };
}

function beforeOf(object: object, key: string): Before | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
  return typeof value === 'function' && BEFORE in value ? (value[BEFORE] as Before) : undefined;
}

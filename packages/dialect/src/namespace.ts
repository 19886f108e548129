import { UnsupportedError } from "@facet/autograd";
import { nearest } from "./names.js";

/** What JavaScript and its tools ask any object for, without meaning one of our names. */
const ASKED_BY_TOOLS =
  /^(then|toJSON|inspect|nodeType|tagName|constructor|prototype|valueOf|toString|default|length|asymmetricMatch|\$\$typeof|@@.*|__.*)$/;

/** Throws UnsupportedError on a name that `name` does not have, with the nearest of those that it has. */
function refuseAbsent(name: string, key: string, present: readonly string[], dialect: string): never {
  const guess = nearest(key, present);
  throw new UnsupportedError({
    op: name,
    argument: key,
    expected: `a name that ${name} has here (COMPAT.md of shims-${dialect} lists them)`,
    given: guess === undefined ? "one that is absent" : `one that is absent: the nearest is ${guess}`,
  });
}

/** The dialect that a public name begins with. */
const dialectOf = (name: string): string => name.slice(0, name.indexOf(".") < 0 ? undefined : name.indexOf("."));

/**
 * A namespace of a dialect: `optim`, `nn.functional`. Reading a name that is not there throws UnsupportedError, which names
 * the nearest one and the list of what there is. `"name" in optim` asks without throwing. `dialect` is whose COMPAT.md has the
 * list, where the name does not begin with it.
 */
export function namespace<T extends object>(name: string, members: T, dialect = dialectOf(name)): T {
  return new Proxy(Object.freeze({ ...members }), {
    get(target, key) {
      if (typeof key === "symbol" || Object.hasOwn(target, key)) return Reflect.get(target, key);
      if (ASKED_BY_TOOLS.test(key)) return undefined;
      return refuseAbsent(name, key, Object.keys(target), dialect);
    },
  }) as T;
}

/**
 * Members that the original's class has and this one lacks: reading one throws as a namespace does. They stand behind the
 * class's prototype, where nothing is looked up that is there, and may be assigned to and overridden.
 */
export function refuseAbsentMembers(
  target: { readonly prototype: object },
  name: string,
  original: readonly string[],
): void {
  const { prototype } = target;
  const behind = Object.create(Object.getPrototypeOf(prototype));
  for (const key of original) {
    if (key in prototype) continue;
    Object.defineProperty(behind, key, {
      configurable: true,
      get: () => refuseAbsent(name, key, Object.getOwnPropertyNames(prototype), dialectOf(name)),
      set(this: object, value: unknown) {
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  Object.setPrototypeOf(prototype, behind);
}

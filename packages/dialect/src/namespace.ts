import { UnsupportedError } from "@facet/autograd";
import { nearest } from "./names.js";

/** What JavaScript and its tools ask any object for, without meaning one of our names. */
const ASKED_BY_TOOLS =
  /^(then|toJSON|inspect|nodeType|tagName|constructor|prototype|valueOf|toString|default|length|asymmetricMatch|\$\$typeof|@@.*|__.*)$/;

/**
 * A namespace of a dialect: `optim`, `nn.functional`. Reading a name that is not there throws UnsupportedError, which names
 * the nearest one and the list of what there is. `"name" in optim` asks without throwing. `dialect` is whose COMPAT.md has the
 * list, where the name does not begin with it.
 */
export function namespace<T extends object>(
  name: string,
  members: T,
  dialect = name.slice(0, name.indexOf(".") < 0 ? undefined : name.indexOf(".")),
): T {
  return new Proxy(Object.freeze({ ...members }), {
    get(target, key) {
      if (typeof key === "symbol" || Object.hasOwn(target, key)) return Reflect.get(target, key);
      if (ASKED_BY_TOOLS.test(key)) return undefined;
      const guess = nearest(key, Object.keys(target));
      throw new UnsupportedError({
        op: name,
        argument: key,
        expected: `a name that ${name} has here (COMPAT.md of shims-${dialect} lists them)`,
        given: guess === undefined ? "one that is absent" : `one that is absent: the nearest is ${guess}`,
      });
    },
  }) as T;
}

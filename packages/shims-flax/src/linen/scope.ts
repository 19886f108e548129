// Where a module's variables are while it runs: collections of nested objects, keys, and what may be written.
import { ArgumentError } from "@facet/autograd";
import { isKeywords, show } from "@facet/dialect";
import { PRNGKeyArray } from "@facet/shims-jax/parts";
import { FrozenDict } from "../core.js";
import { staticKey } from "./static_keys.js";

// biome-ignore lint/suspicious/noExplicitAny: variables are trees of any structure.
type Any = any;
export type Mutable = boolean | string | readonly string[];
export type Keys = PRNGKeyArray | Readonly<Record<string, PRNGKeyArray>>;

/** Collections that may be written: all, none, or those named; `init` writes all but intermediates. */
export const mutates = (mutable: Mutable | { deny: string }, collection: string): boolean => {
  if (typeof mutable === "boolean") return mutable;
  if (typeof mutable === "string") return mutable === collection;
  return "deny" in mutable ? mutable.deny !== collection : (mutable as readonly string[]).includes(collection);
};

/** Nested objects of their own, down to what is no level. */
const copied = (level: Any): Any =>
  level instanceof FrozenDict
    ? copied(level.unfreeze())
    : isKeywords(level)
      ? Object.fromEntries(Object.entries(level).map(([name, value]) => [name, copied(value)]))
      : level;

/** What all modules of one init or apply share. */
export class Root {
  readonly variables: Record<string, Any>;
  readonly keys: Readonly<Record<string, PRNGKeyArray>>;
  readonly mutable: Mutable | { deny: string };
  readonly initializing: boolean;
  /** How many keys were drawn, by path and name. */
  readonly #counts = new Map<string, number>();

  constructor(
    fn: string,
    variables: Any,
    keys: Keys | null,
    mutable: Mutable | { deny: string },
    initializing: boolean,
  ) {
    const given = copied(variables);
    for (const [name, collection] of Object.entries(given))
      if (!isKeywords(collection))
        throw new ArgumentError({
          op: fn,
          argument: "variables",
          expected: "collections by name, as { params: ... }",
          given: `${name}: ${show(collection)}`,
        });
    this.variables = given;
    this.keys = keysOf(fn, keys);
    this.mutable = mutable;
    this.initializing = initializing;
  }

  /** The level of a collection at a path; made where it is not there and `make` says so. */
  level(collection: string, path: readonly string[], make: boolean): Record<string, Any> | undefined {
    let level: Record<string, Any> | undefined = this.variables[collection];
    if (!level && make) level = this.variables[collection] = {};
    for (const name of path) {
      if (!level) return undefined;
      if (!Object.hasOwn(level, name)) {
        if (!make) return undefined;
        level[name] = {};
      }
      level = level[name];
    }
    return level;
  }

  /** A key for a draw; of the name `params` where there is none of its own. */
  key(module: string, path: readonly string[], name: string): PRNGKeyArray {
    const own = Object.hasOwn(this.keys, name) ? name : "params";
    const key = this.keys[own];
    if (!key)
      throw new ArgumentError({
        op: module,
        argument: "rngs",
        expected: `a key for "${name}": rngs: { ${name}: key }`,
        given: Object.keys(this.keys).join(", ") || "none",
      });
    const at = `${path.join("/")} ${own}`;
    const count = (this.#counts.get(at) ?? 0) + 1;
    this.#counts.set(at, count);
    return staticKey(key, path, count);
  }
}

function keysOf(fn: string, keys: Keys | null): Record<string, PRNGKeyArray> {
  if (keys === null) return {};
  if (keys instanceof PRNGKeyArray) return { params: keys };
  for (const [name, key] of Object.entries(keys))
    if (!(key instanceof PRNGKeyArray))
      throw new ArgumentError({ op: fn, argument: "rngs", expected: `a key for "${name}"`, given: show(key) });
  return { ...keys };
}

// Filters: which variables are meant. A type, a tag, a predicate, true or "..." for all, false or null for none, a list of any.
import { ArgumentError } from "@facet/autograd";
import { any, bool, func, Kind, show, signature, string } from "@facet/dialect";
import { Callable } from "../callable.js";
import { Variable } from "./variable.js";

export type Path = readonly (string | number)[];
type Predicate = (path: Path, x: unknown) => boolean;
// biome-ignore lint/suspicious/noExplicitAny: types of variables have constructors of their own.
type AnyClass = abstract new (...args: any[]) => any;
export type Filter = AnyClass | Predicate | Callable | boolean | string | null | readonly Filter[];

const isClass = (x: unknown): x is AnyClass =>
  typeof x === "function" && !(x instanceof Callable) && /^class\b/.test(Function.prototype.toString.call(x));

export const filter: Kind<Filter> = new Kind<Filter>(
  'a filter: a type of variables, a tag, a predicate, true, false, "..." or a list of these',
  (x): boolean =>
    x === null || ["function", "boolean", "string"].includes(typeof x) || (Array.isArray(x) && x.every(filter.accepts)),
);

/** What a filter says of a path and what is there. */
export function predicateOf(given: Filter): Predicate {
  if (given === true || given === "...") return () => true;
  if (given === false || given === null) return () => false;
  if (typeof given === "string") return (_, x) => tagOf(x) === given;
  if (Array.isArray(given)) {
    const all = given.map(predicateOf);
    return (path, x) => all.some((each) => each(path, x));
  }
  if (isClass(given)) return (_, x) => x instanceof given;
  if (typeof given === "function") return given as Predicate;
  throw new ArgumentError({ op: "filter", argument: "filter", expected: filter.expected, given: show(given) });
}

const tagOf = (x: unknown): unknown => (x instanceof Variable ? x.metadata.tag : (x as { tag?: unknown } | null)?.tag);

/** What is of a type. */
export class OfType extends Callable {
  declare readonly type: AnyClass;
  constructor(...args: [type: AnyClass]) {
    super();
    this.type = read.OfType(args).type as unknown as AnyClass;
  }
  override __call__(_path: Path, x: unknown): boolean {
    return x instanceof this.type;
  }
}
/** What has a tag: streams of keys have their names. */
export class WithTag extends Callable {
  declare readonly tag: string;
  constructor(...args: [tag: string]) {
    super();
    this.tag = read.WithTag(args).tag;
  }
  override __call__(_path: Path, x: unknown): boolean {
    return tagOf(x) === this.tag;
  }
}
/** What is found under a name; with `exact` false under one that has it in it. */
export class PathContains extends Callable {
  declare readonly key: unknown;
  declare readonly exact: boolean;
  constructor(...args: [key: string | number, exact?: boolean]) {
    super();
    Object.assign(this, read.PathContains(args));
  }
  override __call__(path: Path, _x: unknown): boolean {
    return path.some((part) => (this.exact ? `${part}` === `${this.key}` : `${part}`.includes(`${this.key}`)));
  }
}
/** What one of some filters means. */
export class Any extends Callable {
  declare readonly predicates: readonly Predicate[];
  constructor(...args: readonly Filter[]) {
    super();
    this.predicates = (read.Any(args).filters as unknown as Filter[]).map(predicateOf);
  }
  override __call__(path: Path, x: unknown): boolean {
    return this.predicates.some((each) => each(path, x));
  }
}
/** What all of some filters mean. */
export class All extends Callable {
  declare readonly predicates: readonly Predicate[];
  constructor(...args: readonly Filter[]) {
    super();
    this.predicates = (read.All(args).filters as unknown as Filter[]).map(predicateOf);
  }
  override __call__(path: Path, x: unknown): boolean {
    return this.predicates.every((each) => each(path, x));
  }
}
/** What a filter does not mean. */
export class Not extends Callable {
  declare readonly predicate: Predicate;
  constructor(...args: [collection_filter: Filter]) {
    super();
    this.predicate = predicateOf(read.Not(args).collection_filter as Filter);
  }
  override __call__(path: Path, x: unknown): boolean {
    return !this.predicate(path, x);
  }
}
/** All there is. */
export class Everything extends Callable {
  constructor(...args: []) {
    super();
    read.Everything(args);
  }
  override __call__(_path: Path, _x: unknown): boolean {
    return true;
  }
}
/** Nothing. */
export class Nothing extends Callable {
  constructor(...args: []) {
    super();
    read.Nothing(args);
  }
  override __call__(_path: Path, _x: unknown): boolean {
    return false;
  }
}

const read = {
  OfType: signature("flax.nnx.OfType", { type: func }),
  WithTag: signature("flax.nnx.WithTag", { tag: string }),
  PathContains: signature("flax.nnx.PathContains", { key: any, exact: bool.or(true) }),
  Any: signature("flax.nnx.Any", { "*filters": filter }),
  All: signature("flax.nnx.All", { "*filters": filter }),
  Not: signature("flax.nnx.Not", { collection_filter: filter, "/": null }),
  Everything: signature("flax.nnx.Everything", {}),
  Nothing: signature("flax.nnx.Nothing", {}),
};

// flax.traverse_util: nested objects as objects of paths.
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, isKeywords, Kind, string } from "@facet/dialect";
import { FrozenDict } from "./core.js";

// biome-ignore lint/suspicious/noExplicitAny: values are trees of any structure.
type Any = any;
type Path = readonly string[];

const levels = new Kind<object>(
  "a plain object or a FrozenDict",
  (x) => isKeywords(x) || x instanceof FrozenDict,
  true,
);
/** Stands for an object without names. */
export const empty_node: object = Object.freeze(new (class EmptyNode {})());

function walk(xs: Any, path: Path, visit: (path: Path, value: Any) => void, keep: boolean, is_leaf: Any): void {
  if (!levels.accepts(xs) || xs === empty_node || is_leaf?.(path, xs)) {
    visit(path, xs);
    return;
  }
  const names = Object.keys(xs);
  if (names.length === 0 && keep && path.length > 0) visit(path, empty_node);
  for (const name of names) walk(xs[name], [...path, name], visit, keep, is_leaf);
}

interface FlattenNamed {
  keep_empty_nodes: boolean;
  is_leaf: ((path: Path, value: Any) => boolean) | null;
  sep: string | null;
}
/**
 * Values by their paths, joined with `sep`. Without one a Map whose keys are the paths as lists, which Python has as tuples.
 */
export const flatten_dict: (
  xs: object,
  ...rest: [keep_empty_nodes?: boolean | Partial<FlattenNamed>, is_leaf?: FlattenNamed["is_leaf"], sep?: string | null]
) => Any = define(
  "flax.traverse_util.flatten_dict",
  { xs: levels, keep_empty_nodes: bool.or(false), is_leaf: func.or(null), sep: string.or(null) },
  ({ xs, keep_empty_nodes, is_leaf, sep }) => {
    const found: [Path, Any][] = [];
    walk(xs, [], (path, value) => found.push([path, value]), keep_empty_nodes, is_leaf);
    return sep === null ? new Map(found) : Object.fromEntries(found.map(([path, value]) => [path.join(sep), value]));
  },
);

/** Nested objects of values by path: what flatten_dict gives. */
export const unflatten_dict: (...args: [xs: object, sep?: string | null]) => Any = define(
  "flax.traverse_util.unflatten_dict",
  { xs: levels.either(new Kind<Map<Path, Any>>("a Map of paths", (x) => x instanceof Map)), sep: string.or(null) },
  ({ xs, sep }) => {
    if (!(xs instanceof Map) && sep === null)
      throw new ArgumentError({
        op: "unflatten_dict",
        argument: "sep",
        expected: "what joins the names, or a Map of paths, as flatten_dict gives without one",
        given: "none",
      });
    const pairs: [Path, Any][] =
      xs instanceof Map
        ? [...xs]
        : Object.entries(xs).map(([name, value]) => [name.split(sep as string), value] as [Path, Any]);
    const result: Record<string, Any> = {};
    for (const [path, value] of pairs) {
      let level = result;
      for (const name of path.slice(0, -1)) {
        level[name] ??= {};
        level = level[name];
      }
      level[path.at(-1) as string] = value === empty_node ? {} : value;
    }
    return result;
  },
);

/** f(path, value) in the place of every value. */
export const path_aware_map: (...args: [f: (path: Path, value: Any) => unknown, nested_dict: object]) => Any = define(
  "flax.traverse_util.path_aware_map",
  { f: func, nested_dict: levels },
  ({ f, nested_dict }) => {
    const map: Map<Path, Any> = flatten_dict(nested_dict, { keep_empty_nodes: true });
    return unflatten_dict(
      new Map([...map].map(([path, value]) => [path, value === empty_node ? value : f(path, value)])),
    );
  },
);

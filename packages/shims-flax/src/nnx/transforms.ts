// nnx.jit, grad and their like: functions of modules as functions of the values of their variables, which change in place.
import { ArgumentError, Identities } from "@facet/autograd";
import { bool, define, func, instance, int, type Keywords, Kind, listOf, only, show, signature } from "@facet/dialect";
import * as jax from "@facet/shims-jax";
import { type AnyFunction, leavesOf, map, register } from "@facet/shims-jax/parts";
import { Callable } from "../callable.js";
import { type Filter, filter } from "./filters.js";
import { type GraphDef, Pytree, putTogether, taken, textOf } from "./graph.js";
import { apart, type Flat, stateOf } from "./state.js";
import { Param, Variable } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: trees are of any structure.
type Any = any;

const graph = only(null);
const graphOptions = { graph, graph_updates: graph } as const;
const isNode = (x: unknown): boolean => x instanceof Pytree || x instanceof Variable;

/** Variables of the arguments, each once, in order, and the arguments' structure in words. */
interface Found {
  readonly variables: readonly Variable<unknown>[];
  readonly text: string;
}

const identities = new Identities();
const describe = (value: unknown): string => identities.describe(value);

function found(args: readonly unknown[]): Found {
  const variables = new Map<Variable<unknown>, number>();
  const words: string[] = [];
  for (const node of leavesOf<object>(args, isNode).filter(isNode)) {
    const { def, flat } = node instanceof Variable ? { def: null, flat: [[[], node]] as Flat } : taken(node);
    const at = flat.map(([, value]) => {
      if (!(value instanceof Variable)) return "-";
      if (!variables.has(value)) variables.set(value, variables.size);
      return variables.get(value);
    });
    words.push(`${def ? textOf(def, describe) : describe(node.constructor)}[${at}]`);
  }
  return { variables: [...variables.keys()], text: words.join(" ") };
}

/** The arguments without their modules, whose variables go another way. */
const withoutNodes = (args: readonly unknown[]): unknown =>
  map((leaf: unknown) => (isNode(leaf) ? null : leaf), args, [], isNode);
/** The arguments with other leaves, and their own modules. */
const withNodes = (args: readonly unknown[], rest: unknown): unknown[] =>
  map((leaf: unknown, other: unknown) => (isNode(leaf) ? leaf : other), args, [rest], isNode) as unknown[];

/** Runs body with other values in variables, and puts back what was there. */
function exchanged<T>(variables: readonly Variable<unknown>[], values: readonly unknown[], body: () => T): T {
  const before = variables.map((variable) => variable.value);
  for (const [i, variable] of variables.entries()) variable.value = values[i];
  try {
    return body();
  } finally {
    for (const [i, variable] of variables.entries()) variable.value = before[i];
  }
}

/** What changed of variables: their values, and null where nothing did. */
const changes = (variables: readonly Variable<unknown>[], before: readonly unknown[]): unknown[] =>
  variables.map((variable, i) => (variable.value === before[i] ? null : [variable.value]));
function take(variables: readonly Variable<unknown>[], changed: readonly unknown[]): void {
  for (const [i, variable] of variables.entries()) {
    const value = changed[i] as [unknown] | null;
    if (value !== null) variable.value = value[0];
  }
}

/** A module among results, taken apart; one of the arguments' own by its number. */
class Returned {
  readonly def: GraphDef | number;
  readonly values: readonly unknown[];
  constructor(def: GraphDef | number, values: readonly unknown[]) {
    this.def = def;
    this.values = values;
  }
}
register(
  Returned,
  ({ def, values }) => [values, def] as const,
  (def, values) => new Returned(def, values),
);
const isReturned = (x: unknown): boolean => x instanceof Returned;
const flatPaths = new WeakMap<GraphDef, Flat>();

/** Results with their modules taken apart, and put together again. */
function packed(result: unknown, nodes: readonly unknown[]): unknown {
  return map(
    (leaf: unknown) => {
      if (!(leaf instanceof Pytree)) return leaf;
      const own = nodes.indexOf(leaf);
      if (own >= 0) return new Returned(own, []);
      const { def, flat } = taken(leaf);
      flatPaths.set(def, flat);
      return new Returned(
        def,
        flat.map(([, value]) => (value instanceof Variable ? value.value : value)),
      );
    },
    result,
    [],
    isNode,
  );
}
function unpacked(result: unknown, nodes: readonly unknown[]): unknown {
  return map(
    (leaf: unknown) => {
      if (!(leaf instanceof Returned)) return leaf;
      if (typeof leaf.def === "number") return nodes[leaf.def];
      const paths = flatPaths.get(leaf.def) as Flat;
      return putTogether(
        leaf.def,
        paths.map(([path], i) => [path, leaf.values[i]] as const),
      );
    },
    result,
    [],
    isReturned,
  );
}

const positions = int.either(listOf(int)).or(null);
interface JitNamed {
  static_argnums: number | readonly number[] | null;
  static_argnames: string | readonly string[] | null;
  donate_argnums: number | readonly number[] | null;
}

/**
 * nnx.jit: jax.jit of a function whose arguments may be modules, optimizers, metrics and streams of keys. Their variables are
 * read and written where they are. What else is in them (numbers, switches) is part of what a trace is made for. A function may
 * not put new variables into them, nor take any out.
 */
export const jit: <F extends AnyFunction>(fun: F, options?: Keywords<JitNamed>) => F = define(
  "flax.nnx.jit",
  {
    fun: func,
    "*": null,
    in_shardings: only(null),
    out_shardings: only(null),
    static_argnums: positions,
    static_argnames: new Kind<string | readonly string[]>(
      "names",
      (x) => typeof x === "string" || (Array.isArray(x) && x.every((each) => typeof each === "string")),
    ).or(null),
    donate_argnums: only(null),
    donate_argnames: only(null),
    keep_unused: only(false),
    device: only(null),
    backend: only(null),
    inline: only(false),
    ...graphOptions,
  },
  ({ fun, static_argnums, static_argnames }) => {
    let current: { args: readonly unknown[]; own: Found } | undefined;
    const body = (text: string, values: readonly unknown[], ...rest: unknown[]): unknown => {
      const { args, own } = current as NonNullable<typeof current>;
      return exchanged(own.variables, values, () => {
        const nodes = leavesOf(args, isNode).filter(isNode);
        const result = packed(fun(...withNodes(args, rest)), nodes);
        if (found(args).text !== text)
          throw new ArgumentError({
            op: "jit",
            argument: "fun",
            expected: "a function that leaves the modules' variables and settings as they are, but for values",
            given: "one that puts in, takes out or sets others",
          });
        return [result, changes(own.variables, values)];
      });
    };
    const statics = (static_argnums === null ? [] : [static_argnums].flat()) as readonly number[];
    const inner = jax.jit(body, {
      static_argnums: [0, ...statics.map((n) => (n < 0 ? n : n + 2))],
      ...(static_argnames === null ? {} : { static_argnames: static_argnames as string }),
    }) as AnyFunction;
    return (...args: unknown[]): unknown => {
      const own = found(args);
      const before = current;
      current = { args, own };
      try {
        const values = own.variables.map((variable) => variable.value);
        const [result, changed] = inner(own.text, values, ...(withoutNodes(args) as unknown[])) as [unknown, unknown[]];
        take(own.variables, changed);
        return unpacked(result, leavesOf(args, isNode).filter(isNode));
      } finally {
        current = before;
      }
    };
  },
) as never;

/** nnx.DiffState: of which argument, and of which of its variables, a gradient is. */
export class DiffState {
  readonly argnum: number;
  readonly filter: Filter;
  constructor(...args: [argnum: number, filter: Filter]) {
    const given = readDiff(args);
    this.argnum = given.argnum;
    this.filter = given.filter;
  }
}
const readDiff = signature("flax.nnx.DiffState", { argnum: int, filter });

const argnum = int.either(instance(() => DiffState, "a DiffState") as Kind<DiffState>);
type Argnum = number | DiffState;
interface GradNamed {
  argnums: Argnum | readonly Argnum[];
  has_aux: boolean;
}
const GRAD = {
  f: func,
  "*": null,
  argnums: argnum.either(listOf(argnum)).or(0),
  has_aux: bool.or(false),
  holomorphic: only(false),
  allow_int: only(false),
  reduce_axes: only([]),
  ...graphOptions,
} as const;

function differentiate(
  fn: string,
  f: AnyFunction,
  { argnums, has_aux }: { argnums: Argnum | readonly Argnum[]; has_aux: boolean },
  args: readonly unknown[],
): [value: unknown, gradient: unknown] {
  const wanted = [argnums].flat() as readonly Argnum[];
  const parts = wanted.map((each) => {
    const given = each instanceof DiffState ? each : { argnum: each, filter: Param as Filter };
    const at = given.argnum < 0 ? given.argnum + args.length : given.argnum;
    if (!(at >= 0 && at < args.length))
      throw new ArgumentError({
        op: fn,
        argument: "argnums",
        expected: `positions among ${args.length} arguments`,
        given: `${given.argnum}`,
      });
    const node = args[at];
    const flat = isNode(node)
      ? apart(node instanceof Variable ? [[["value"], node]] : taken(node).flat, [given.filter])[0]
      : undefined;
    return { at, flat };
  });
  const inside = parts.flatMap(({ flat }) => (flat ?? []).map(([, variable]) => variable as Variable<unknown>));
  const { variables } = found(args);
  const before = variables.map(({ value }) => value);
  // New variables (sown results) are seen afterwards; all that changed leaves with the result, as arrays made inside die.
  let now: readonly Variable<unknown>[] = variables;
  const pure = (diffs: readonly unknown[]): unknown => {
    let next = 0;
    const values = inside.map(() => undefined as unknown);
    const given = [...args];
    for (const [i, { at, flat }] of parts.entries()) {
      if (!flat) given[at] = diffs[i];
      else for (const value of diffs[i] as readonly unknown[]) values[next++] = value;
    }
    return exchanged(variables, before, () =>
      exchanged(inside, values, () => {
        const start = new Map(variables.map((variable) => [variable, variable.value]));
        const result = f(...given);
        if (has_aux && !(Array.isArray(result) && result.length === 2))
          throw new ArgumentError({
            op: fn,
            argument: "f",
            expected: "[output, aux] as result, because has_aux is true",
            given: show(result),
          });
        now = found(args).variables;
        const changed = now.map((each) => (each.value === start.get(each) ? null : [each.value]));
        return has_aux ? [result[0], [result[1], changed]] : [result, [null, changed]];
      }),
    );
  };
  const diffs = parts.map(({ at, flat }) =>
    flat ? flat.map(([, variable]) => (variable as Variable<unknown>).value) : args[at],
  );
  const [[value, [aux, changed]], gradients] = jax.value_and_grad(pure, { has_aux: true })(diffs) as Any;
  take(now, changed as unknown[]);
  const trees = parts.map(({ at, flat }, i) => {
    if (!flat) return gradients[i];
    const own = flat.map(
      ([path, variable], j) => [path, (variable as Variable<unknown>).copy(gradients[i][j])] as const,
    );
    return args[at] instanceof Variable ? own[0]?.[1] : stateOf(own);
  });
  return [has_aux ? [value, aux] : value, Array.isArray(argnums) ? trees : trees[0]];
}

/**
 * nnx.value_and_grad: [value, gradient], or [[value, aux], gradient] with `has_aux`. Of a module the gradient is a State of its
 * Params (of others by nnx.DiffState). What the function writes to variables stays written.
 */
export const value_and_grad: <F extends AnyFunction>(
  f: F,
  options?: Keywords<GradNamed>,
) => (...args: Parameters<F>) => [ReturnType<F>, Any] = define(
  "flax.nnx.value_and_grad",
  GRAD,
  ({ f, argnums, has_aux }) =>
    (...args: unknown[]) =>
      differentiate("value_and_grad", f, { argnums: argnums as Argnum, has_aux }, args),
) as never;
/** nnx.grad: the gradient alone, or [gradient, aux] with `has_aux`. */
export const grad: <F extends AnyFunction>(f: F, options?: Keywords<GradNamed>) => (...args: Parameters<F>) => Any =
  define("flax.nnx.grad", GRAD, ({ f, argnums, has_aux }) => (...args: unknown[]) => {
    const [value, gradient] = differentiate("grad", f, { argnums: argnums as Argnum, has_aux }, args);
    return has_aux ? [gradient, (value as unknown[])[1]] : gradient;
  }) as never;

/** nnx.remat: what the function's gradient needs is computed again on the way back. Its modules' variables are read, not written. */
export const remat: <F extends AnyFunction>(f: F, options?: Keywords<{ prevent_cse: boolean }>) => F = define(
  "flax.nnx.remat",
  {
    f: func.either(instance(() => Callable, "a module") as Kind<AnyFunction>),
    "*": null,
    prevent_cse: bool.or(true),
    static_argnums: only([]),
    policy: only(null),
    ...graphOptions,
  },
  ({ f }) =>
    (...args: unknown[]) => {
      const all = f instanceof Callable ? [f, ...args] : args;
      const { variables } = found(all);
      const pure = (values: readonly unknown[], rest: unknown): unknown =>
        exchanged(variables, values, () => {
          const result = f(...(withNodes(args, rest) as never[]));
          const at = variables.findIndex((variable, i) => variable.value !== values[i]);
          if (at < 0) return result;
          throw new ArgumentError({
            op: "remat",
            argument: "f",
            expected: "a function that writes to no variable",
            given: `one that writes to a ${variables[at]?.constructor.name}`,
          });
        });
      return jax.checkpoint(pure)(
        variables.map(({ value }) => value),
        withoutNodes(args),
      );
    },
) as never;

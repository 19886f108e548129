// optax.tree and optax.tree_utils: arithmetic of trees, under short and long names.
import type { Dtype } from "@facet/autograd";
import { bool, define, func, int, Kind, number, only, type Rules, type Values } from "@facet/dialect";
import { arrayLike, dtype as dtypeKind, shape as shapeKind, tree } from "../arguments.js";
import { type ArrayLike, JaxArray } from "../array.js";
import * as jnp from "../numpy/index.js";
import { normal, PRNGKeyArray, split } from "../random/index.js";
import { leavesOf, map, structureOf, unflatten } from "../tree/pytree.js";
import { computed } from "./base.js";
import { scalar } from "./schedules.js";

// biome-ignore lint/suspicious/noExplicitAny: trees are of any structure.
type Any = any;

const arr = (x: ArrayLike): JaxArray => (x instanceof JaxArray ? x : jnp.asarray(x));
const dtype = dtypeKind.or(null);
const key = new Kind<PRNGKeyArray>("a key made by jax.random.key", (x) => x instanceof PRNGKeyArray);

/** A function of trees under both of its names. */
function named<const R extends Rules>(name: string, rules: R, body: (values: Values<R>) => Any) {
  return {
    long: define(`optax.tree_utils.tree_${name}`, rules, body),
    short: define(`optax.tree.${name}`, rules, body),
  };
}
const PAIR = { tree_x: tree, tree_y: tree } as const;
const ofPair = (name: string, f: (x: JaxArray, y: ArrayLike) => JaxArray) =>
  named(name, PAIR, ({ tree_x, tree_y }) => map((x: ArrayLike, y: ArrayLike) => f(arr(x), y), tree_x, [tree_y]));
const total = (parts: readonly JaxArray[]): JaxArray => parts.reduce((sum, part) => sum.add(part), jnp.asarray(0));
const extreme = (
  name: string,
  whole: (x: JaxArray) => unknown,
  join: (a: JaxArray, b: JaxArray) => JaxArray,
  from: number,
) =>
  named(name, { tree }, ({ tree }) =>
    leavesOf<ArrayLike>(tree)
      .map(arr)
      .filter((x) => x.size > 0)
      .map((x) => whole(x) as JaxArray)
      .reduce((a, b) => join(a, b), jnp.asarray(from)),
  );
const filled = (name: string, f: (x: ArrayLike, dtype: Dtype | null) => JaxArray) =>
  named(name, { tree, dtype }, ({ tree, dtype }) => map((x: ArrayLike) => f(x, dtype), tree));

function normOf(given: unknown, ord: unknown, squared: boolean): JaxArray {
  const leaves = leavesOf<ArrayLike>(given).map(arr);
  if (ord === null || ord === 2) {
    const sum = total(leaves.map((x) => jnp.square(x).sum()));
    return squared ? sum : jnp.sqrt(sum);
  }
  const size =
    ord === 1
      ? total(leaves.map((x) => x.abs().sum()))
      : leaves.map((x) => jnp.max(x.abs()) as JaxArray).reduce((a, b) => jnp.maximum(a, b), jnp.asarray(0));
  return squared ? jnp.square(size) : size;
}
const ordKind = new Kind<1 | 2 | "inf" | "infinity" | number>(
  '1, 2, Infinity or "inf"',
  (x) => x === 1 || x === 2 || x === Number.POSITIVE_INFINITY || x === "inf" || x === "infinity",
);

const MOMENT = { updates: tree, moments: tree, decay: scalar, order: int } as const;
const moment = ({ updates, moments, decay, order }: Values<typeof MOMENT>): Any => {
  const rest = computed((d) => 1 - d, decay);
  return map((g: JaxArray, m: JaxArray) => g.pow(order).mul(rest).add(m.mul(decay)), updates, [moments]);
};

const table = {
  add: named("add", { ...PAIR, "*other_trees": tree }, ({ tree_x, tree_y, other_trees }) =>
    map((x: ArrayLike, ...rest: ArrayLike[]) => rest.reduce<JaxArray>((sum, y) => sum.add(y), arr(x)), tree_x, [
      tree_y,
      ...(other_trees as unknown as unknown[]),
    ]),
  ),
  sub: ofPair("sub", (x, y) => x.sub(y)),
  mul: ofPair("mul", (x, y) => x.mul(y)),
  div: ofPair("div", (x, y) => x.div(y)),
  scale: named("scale", { scalar: arrayLike, tree }, ({ scalar, tree }) =>
    map((x: ArrayLike) => arr(x).mul(scalar), tree),
  ),
  add_scale: named("add_scale", { tree_x: tree, scalar: arrayLike, tree_y: tree }, ({ tree_x, scalar, tree_y }) =>
    map((x: ArrayLike, y: ArrayLike) => arr(x).add(arr(y).mul(scalar)), tree_x, [tree_y]),
  ),
  vdot: named("vdot", PAIR, ({ tree_x, tree_y }) =>
    total(leavesOf<JaxArray>(map((x: ArrayLike, y: ArrayLike) => arr(x).mul(y).sum(), tree_x, [tree_y]))),
  ),
  sum: named("sum", { tree, associative_reduction: only(false) }, ({ tree }) =>
    total(leavesOf<ArrayLike>(tree).map((x) => arr(x).sum())),
  ),
  max: extreme(
    "max",
    (x) => jnp.max(x),
    (a, b) => jnp.maximum(a, b),
    Number.NEGATIVE_INFINITY,
  ),
  min: extreme(
    "min",
    (x) => jnp.min(x),
    (a, b) => jnp.minimum(a, b),
    Number.POSITIVE_INFINITY,
  ),
  size: named("size", { tree }, ({ tree }) =>
    leavesOf<ArrayLike>(tree).reduce<number>((sum, x) => sum + (x instanceof JaxArray ? x.size : 1), 0),
  ),
  norm: named("norm", { tree, ord: ordKind.or(null), squared: bool.or(false) }, ({ tree, ord, squared }) =>
    normOf(tree, ord, squared),
  ),
  conj: named("conj", { tree }, ({ tree }) => map((x: ArrayLike) => jnp.conj(x), tree)),
  real: named("real", { tree }, ({ tree }) => map((x: ArrayLike) => jnp.real(x), tree)),
  batch_shape: named("batch_shape", { tree, shape: shapeKind.or([]) }, ({ tree, shape }) =>
    map((x: ArrayLike) => jnp.broadcast_to(arr(x), [...[shape].flat(), ...arr(x).shape] as number[]), tree),
  ),
  zeros_like: filled("zeros_like", (x, dtype) => jnp.zeros_like(x, dtype)),
  ones_like: filled("ones_like", (x, dtype) => jnp.ones_like(x, dtype)),
  full_like: named("full_like", { tree, fill_value: number, dtype }, ({ tree, fill_value, dtype }) =>
    map((x: ArrayLike) => jnp.full_like(x, fill_value, dtype), tree),
  ),
  clip: named(
    "clip",
    { tree, min_value: arrayLike.or(null), max_value: arrayLike.or(null) },
    ({ tree, min_value, max_value }) =>
      map((x: ArrayLike) => {
        const above = min_value === null ? arr(x) : jnp.maximum(x, min_value);
        return max_value === null ? above : jnp.minimum(above, max_value);
      }, tree),
  ),
  where: named("where", { condition: arrayLike, ...PAIR }, ({ condition, tree_x, tree_y }) =>
    map((x: ArrayLike, y: ArrayLike) => jnp.where(condition, x, y), tree_x, [tree_y]),
  ),
  cast: named("cast", { tree, dtype: dtypeKind.orNone }, ({ tree, dtype }) =>
    map((x: ArrayLike) => (dtype === null ? x : arr(x).astype(dtype)), tree),
  ),
  cast_like: named("cast_like", { tree, other_tree: tree }, ({ tree, other_tree }) =>
    map((x: ArrayLike, y: ArrayLike) => arr(x).astype(arr(y).dtype), tree, [other_tree]),
  ),
  bias_correction: named(
    "bias_correction",
    { moment: tree, decay: scalar, count: scalar },
    ({ moment, decay, count }) => {
      const by = computed((d, n) => 1 - d ** n, decay, count);
      return map((m: JaxArray) => m.div(by), moment);
    },
  ),
  update_moment: named("update_moment", MOMENT, moment),
  update_moment_per_elem_norm: named("update_moment_per_elem_norm", MOMENT, moment),
  update_infinity_moment: named(
    "update_infinity_moment",
    { updates: tree, moments: tree, decay: scalar, eps: scalar },
    ({ updates, moments, decay, eps }) =>
      map((g: JaxArray, m: JaxArray) => jnp.maximum(g.abs().add(eps), m.mul(decay)), updates, [moments]),
  ),
  split_key_like: named("split_key_like", { rng_key: key, target_tree: tree }, ({ rng_key, target_tree }) =>
    unflatten(structureOf(target_tree), split(rng_key, leavesOf(target_tree).length)),
  ),
  random_like: named(
    "random_like",
    { rng_key: key, target_tree: tree, sampler: func.or(normal), dtype: only(null, "float32") },
    ({ rng_key, target_tree, sampler }) => {
      const leaves = leavesOf<ArrayLike>(target_tree);
      const keys = split(rng_key, leaves.length);
      return unflatten(
        structureOf(target_tree),
        leaves.map((x, i) => sampler(keys[i] as PRNGKeyArray, arr(x).shape)),
      );
    },
  ),
};

type Table = Readonly<Record<keyof typeof table, (...args: Any[]) => Any>>;
type Long = { readonly [K in keyof typeof table as `tree_${K}`]: (...args: Any[]) => Any };
/** optax.tree. */
export const short: Table = Object.fromEntries(
  Object.entries(table).map(([name, { short }]) => [name, short]),
) as unknown as Table;
/** optax.tree_utils. */
export const long: Long = Object.fromEntries(
  Object.entries(table).map(([name, { long }]) => [`tree_${name}`, long]),
) as unknown as Long;

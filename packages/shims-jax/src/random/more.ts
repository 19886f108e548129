// jax.random: distributions made of uniform, normal and gamma draws, as JAX makes them.
import * as core from "@facet/autograd";
import { ShapeError, type Tensor } from "@facet/autograd";
import { define, instance, int, number, only } from "@facet/dialect";
import { arrayLike, declared, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { type ShapeInput, shapeOf } from "../numpy/creation.js";
import { PRNGKeyArray } from "./key.js";

type Key = PRNGKeyArray;
const key = instance(() => PRNGKeyArray, "a key made by jax.random.key or split");
const float = only(null, "float32");
const shape = shapeKind.or([]);
const shapeOrNone = shapeKind.or(null);
const out_sharding = only(null);

const { add, sub, mul, div, neg, exp, log, log1p, sqrt, square } = core;
const split = (words: core.AnyKey): [core.AnyKey, core.AnyKey] => core.splitKeys(words) as [core.AnyKey, core.AnyKey];

type Draw<N extends string> = (
  key: Key,
  ...parameters: readonly (ArrayLike | ShapeInput | null | Readonly<Partial<Record<N | "shape" | "dtype", unknown>>>)[]
) => JaxArray;
type Formula<N extends string> = (key: core.AnyKey, t: Readonly<Record<N, Tensor>>, shape: readonly number[]) => Tensor;

/** A distribution with parameters that broadcast; `shape` is theirs unless it is given, which they must broadcast to. */
function drawn<const N extends string>(
  name: string,
  names: readonly N[],
  draw: Formula<N>,
  { shapes = shapeOrNone, sharded = true, defaults = {} as Readonly<Record<string, number>> } = {},
): Draw<N> {
  const parameters = Object.fromEntries(
    names.map((each) => [each, defaults[each] === undefined ? arrayLike : arrayLike.or(defaults[each])]),
  );
  const rules = { key, ...parameters, shape: shapes, dtype: float, ...(sharded ? { "*": null, out_sharding } : {}) };
  return define(`jax.random.${name}`, rules, (values: Record<string, unknown>) =>
    run(() => {
      const given = names.map((each) => inexact(name, each, values[each] as ArrayLike));
      const wanted = values.shape as ShapeInput | null;
      const own = given.reduce((sum, x) => add(sum, x), core.zeros([])).shape;
      const extents = wanted === null ? own : shapeOf(name, wanted);
      const t = Object.fromEntries(names.map((each, i) => [each, spread(name, each, given[i] as Tensor, extents)]));
      return draw((values.key as Key).words, t as Record<N, Tensor>, extents);
    }),
  );
}
function spread(op: string, argument: string, x: Tensor, extents: readonly number[]): Tensor {
  const fits =
    x.rank <= extents.length && x.shape.every((e, i) => e === 1 || e === extents[extents.length - x.rank + i]);
  if (fits) return core.expand(x, extents);
  const expected = `a shape that broadcasts to ${core.formatShape(extents)}`;
  throw new ShapeError({ op, argument, expected, given: core.formatShape(x.shape) });
}

const chi = (words: core.AnyKey, df: Tensor, extents: readonly number[]): Tensor =>
  mul(exp(core.randomGamma(words, div(df, 2), extents, true)), 2);
/** Chi-squared with df degrees of freedom. */
export const chisquare = drawn("chisquare", ["df"], (words, { df }, extents) => chi(words, df, extents));
/** The ratio of two chi-squared draws, each over its degrees of freedom. */
export const f = drawn("f", ["dfnum", "dfden"], (words, { dfnum, dfden }, extents) => {
  const [den, num] = split(words);
  return div(div(chi(num, dfnum, extents), dfnum), div(chi(den, dfden, extents), dfden));
});
/** Student's t. */
export const t = drawn("t", ["df"], (words, { df }, extents) => {
  const [first, second] = split(words);
  const half = div(df, 2);
  return mul(core.normal(first, extents), sqrt(div(half, core.randomGamma(second, half, extents))));
});
/** e^(sigma n), n standard normal. */
export const lognormal = drawn(
  "lognormal",
  ["sigma"],
  (words, { sigma }, extents) => exp(mul(core.normal(words, extents), sigma)),
  {
    defaults: { sigma: 1 },
  },
);
/** Pareto of shape b and scale 1. */
export const pareto = drawn("pareto", ["b"], (words, { b }, extents) => exp(div(core.exponential(words, extents), b)));
export const rayleigh = drawn("rayleigh", ["scale"], (words, { scale }, extents) =>
  mul(scale, sqrt(mul(log(core.uniform(words, extents)), -2))),
);
/** Rises from left to mode and falls to right, in straight lines. */
export const triangular = drawn("triangular", ["left", "mode", "right"], (words, { left, mode, right }, extents) => {
  const width = sub(right, left);
  const u = core.uniform(words, extents);
  const low = add(left, sqrt(mul(mul(u, width), sub(mode, left))));
  const high = sub(right, sqrt(mul(mul(sub(1, u), width), sub(right, mode))));
  return core.where(core.less(u, div(sub(mode, left), width)), low, high);
});
/** Inverse Gaussian of this mean and scale 1. */
export const wald = drawn("wald", ["mean"], (words, { mean }, extents) => {
  const [first, second] = split(words);
  const y = square(core.normal(first, extents));
  const z = core.uniform(second, extents);
  const root = sqrt(add(mul(mul(mean, y), 4), mul(square(mean), square(y))));
  const x = sub(add(mean, div(mul(square(mean), y), 2)), mul(div(mean, 2), root));
  return core.where(core.lessEqual(z, div(mean, add(mean, x))), x, div(square(mean), x));
});
/** Weibull of this scale and concentration. */
export const weibull_min = drawn(
  "weibull_min",
  ["scale", "concentration"],
  (words, { scale, concentration }, extents) =>
    mul(core.pow(neg(log1p(neg(core.uniform(words, extents)))), core.reciprocal(concentration)), scale),
  { shapes: shape as never, sharded: false },
);
const normals = (words: core.AnyKey, extents: readonly number[]): Tensor =>
  sqrt(core.sum(square(core.normal(words, [...extents, 3])), { axes: -1 }));
/** The size of three standard normal numbers. */
export const maxwell = drawn("maxwell", [], (words, _, extents) => normals(words, extents), { shapes: shape as never });
/** Maxwell draws of either sign, times scale, from loc on. The shape is `shape` and then that of the parameters. */
export const double_sided_maxwell = declared<[key: Key, loc: ArrayLike, scale: ArrayLike], [shape: ShapeInput]>()(
  "jax.random.double_sided_maxwell",
  { key, loc: arrayLike, scale: arrayLike, shape, dtype: float },
  ({ key, loc, scale, shape }) =>
    run(() => {
      const fn = "double_sided_maxwell";
      const [from, by] = [inexact(fn, "loc", loc), inexact(fn, "scale", scale)];
      const own = add(from, by).shape;
      const given = shapeOf(fn, shape);
      const extents = [...(given.length === 0 ? own : given), ...own];
      const [first, second] = split(key.words);
      return add(mul(mul(core.rademacher(second, extents), normals(first, extents)), by), from);
    }),
);
function generalized(words: core.AnyKey, p: number, extents: readonly number[]): Tensor {
  const [first, second] = split(words);
  const g = core.randomGamma(first, core.full([], 1 / p), extents);
  return mul(core.rademacher(second, extents), core.pow(g, 1 / p));
}
/** Density in proportion to e^-|x|^p. */
export const generalized_normal = declared<[key: Key, p: number], [shape: ShapeInput]>()(
  "jax.random.generalized_normal",
  { key, p: number, shape, dtype: float, "*": null, out_sharding },
  ({ key, p, shape }) => run(() => generalized(key.words, p, shapeOf("generalized_normal", shape))),
);
/** Evenly in the ball of radius 1 of d dimensions, measured by the p-norm. */
export const ball = declared<[key: Key, d: number], [p: number, shape: ShapeInput]>()(
  "jax.random.ball",
  {
    key,
    d: int.where("a whole number of 1 or more", (n) => n >= 1),
    p: number.or(2),
    shape,
    dtype: float,
    "*": null,
    out_sharding,
  },
  ({ key, d, p, shape }) =>
    run(() => {
      const extents = shapeOf("ball", shape);
      const [first, second] = split(key.words);
      const g = generalized(first, p, [...extents, d]);
      const total = add(core.sum(core.pow(core.abs(g), p), { axes: -1 }), core.exponential(second, extents));
      return div(g, core.reshape(core.pow(total, 1 / p), [...extents, 1]));
    }),
);
/** How many trials of probability p until the first success: int32. */
export const geometric = declared<[key: Key, p: ArrayLike], [shape: ShapeInput | null]>()(
  "jax.random.geometric",
  { key, p: arrayLike, shape: shapeOrNone, dtype: only(null, "int32"), "*": null, out_sharding },
  ({ key, p, shape }) =>
    run(() => {
      const chance = inexact("geometric", "p", p);
      const extents = shape === null ? chance.shape : shapeOf("geometric", shape);
      const drawn = core.uniform(key.words, extents);
      const u = core.where(core.equal(drawn, 0), 1, drawn);
      const tries = add(core.floor(div(log(u), log1p(neg(spread("geometric", "p", chance, extents))))), 1);
      return core.cast(tries, "int32");
    }),
);
/** Normal with these means [..., n] and covariances [..., n, n]; `shape` is that of the result without n. */
export const multivariate_normal = declared<
  [key: Key, mean: ArrayLike, cov: ArrayLike],
  [shape: ShapeInput | null, dtype: null, method: "cholesky"]
>()(
  "jax.random.multivariate_normal",
  {
    key,
    mean: arrayLike,
    cov: arrayLike,
    shape: shapeOrNone,
    dtype: float,
    method: only("cholesky"),
    "*": null,
    out_sharding,
  },
  ({ key, mean, cov, shape }) =>
    run(() => {
      const fn = "multivariate_normal";
      const [centre, spreads] = [inexact(fn, "mean", mean), inexact(fn, "cov", cov)];
      const n = centre.shape.at(-1);
      if (n === undefined || spreads.rank < 2 || spreads.shape.at(-1) !== n || spreads.shape.at(-2) !== n)
        throw new ShapeError({
          op: fn,
          argument: n === undefined ? "mean" : "cov",
          expected: n === undefined ? "one dimension or more" : `[..., ${n}, ${n}]`,
          given: core.formatShape(n === undefined ? centre.shape : spreads.shape),
        });
      const own = add(core.zeros(centre.shape.slice(0, -1)), core.zeros(spreads.shape.slice(0, -2))).shape;
      const extents = shape === null ? own : shapeOf(fn, shape);
      const draws = core.reshape(core.normal(key.words, [...extents, n]), [...extents, n, 1]);
      const white = core.matmul(core.cholesky(spreads), draws);
      return add(core.reshape(white, [...extents, n]), centre);
    }),
);
/** Orthogonal matrices [n, n], or with orthonormal rows or columns [n, m]. */
export const orthogonal = declared<[key: Key, n: number], [shape: ShapeInput, dtype: null, m: number | null]>()(
  "jax.random.orthogonal",
  { key, n: int, shape, dtype: float, m: int.or(null), "*": null, out_sharding },
  ({ key, n, shape, m }) =>
    run(() => {
      const extents = shapeOf("orthogonal", shape);
      const [rows, columns] = [Math.max(n, m ?? n), Math.min(n, m ?? n)];
      const { q, r } = core.qr(core.normal(key.words, [...extents, rows, columns]));
      const signs = core.sign(core.diagonal(r, { axis1: -2, axis2: -1 }));
      const x = mul(q as Tensor, core.reshape(signs, [...extents, 1, columns]));
      if (n >= (m ?? n)) return x;
      return core.transpose(x, [...extents.keys(), extents.length + 1, extents.length]);
    }),
);
/** The key itself: nothing watches over keys that are used twice. */
export const clone = declared<[key: Key]>()("jax.random.clone", { key }, ({ key }) => new PRNGKeyArray(key.words));
/** "threefry2x32". */
export const key_impl = declared<[keys: Key]>()("jax.random.key_impl", { keys: key }, () => "threefry2x32" as const);

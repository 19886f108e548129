// jax.random on Threefry-2x32, with the bits of JAX's default (jax_threefry_partitionable=True).
import "../start.js";

export { PRNGKeyArray } from "./key.js";
export {
  ball,
  chisquare,
  clone,
  double_sided_maxwell,
  f,
  generalized_normal,
  geometric,
  key_impl,
  lognormal,
  maxwell,
  multivariate_normal,
  orthogonal,
  pareto,
  rayleigh,
  t,
  triangular,
  wald,
  weibull_min,
} from "./more.js";

import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { bool, define, int, Kind, number, only, show } from "@facet/dialect";
import { arrayLike, type Given, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, computable, inexact, JaxArray, run } from "../array.js";
import { axisOf, broadcast } from "../numpy/axes.js";
import { type ShapeInput, shapeOf } from "../numpy/creation.js";
import { take } from "../numpy/indexing.js";
import { hostNumber, TracedNumber } from "../traced_number.js";
import { PRNGKeyArray } from "./key.js";

const random = new Kind<PRNGKeyArray>("a key made by jax.random.key or split", (x) => x instanceof PRNGKeyArray);
/** An integer of which 32 bits count; in a jitted function it may be one of its arguments. */
const integer = new Kind<number>("an integer", (x) => Number.isSafeInteger(x) || x instanceof TracedNumber);
const out_sharding = only(null);
const impl = only(null, "threefry2x32");
const float = only(null, "float32");
const shape = shapeKind.or([]);

type Key = PRNGKeyArray;
type Float = "float32" | null;
type Impl = "threefry2x32" | null;

/** Of larger seeds the low 32 bits count, as in JAX with 64-bit types off. */
const keyOf = (seed: number): Key => {
  const words = (now: number) => core.keyFromSeed(Number(BigInt.asUintN(32, BigInt(now))));
  if (!((seed as unknown) instanceof TracedNumber)) return new PRNGKeyArray(words(seed));
  return new PRNGKeyArray(core.drawnKey(() => words(wholeNow("key", "seed", seed))));
};

/** The number behind an argument, of this run: an integer, or ArgumentError. */
function wholeNow(fn: string, argument: string, given: number): number {
  const value = hostNumber(given);
  if (Number.isSafeInteger(value)) return value;
  throw new ArgumentError({ op: fn, argument, expected: integer.expected, given: show(value) });
}

/** The key of a seed. */
export const key: (...args: Given<[seed: number], [], { seed: number; impl: Impl; dtype: null }>) => Key = define(
  "jax.random.key",
  { seed: integer, "*": null, impl, dtype: only(null) },
  ({ seed }) => keyOf(seed),
);
/** As key: old and new style keys are the same here. */
export const PRNGKey: (...args: Given<[seed: number], [], { seed: number; impl: Impl }>) => Key = define(
  "jax.random.PRNGKey",
  { seed: integer, "*": null, impl },
  ({ seed }) => keyOf(seed),
);

/** The two words of a key, uint32 [2]. */
export const key_data: (...args: Given<[keys: Key], [], { keys: Key }>) => JaxArray = define(
  "jax.random.key_data",
  { keys: random },
  ({ keys }) => run(() => core.keyWords(keys.words)),
);

const count = int.where("a whole number of 0 or more", (n) => n >= 0);
/** `num` independent keys (default 2), as a list. */
export const split: (...args: Given<[key: Key], [num: number], { key: Key; num: number }>) => Key[] = define(
  "jax.random.split",
  { key: random, num: count.or(2) },
  ({ key, num }) => core.splitKeys(key.words, num).map((part) => new PRNGKeyArray(part)),
);

/** A key that depends on an integer too, of which 32 bits count. */
export const fold_in: (...args: Given<[key: Key, data: number], [], { key: Key; data: number }>) => Key = define(
  "jax.random.fold_in",
  { key: random, data: integer },
  ({ key, data }) => {
    const made = core.keysFrom(key.words, (own) =>
      core.drawnKeys(1, () => [core.foldIn(own, wholeNow("fold_in", "data", data))]),
    );
    return new PRNGKeyArray(made[0] as core.AnyKey);
  },
);

type Draw<Rest extends readonly unknown[], Named> = (
  ...args: Given<[key: Key], Rest, Named & { key: Key; out_sharding: null }>
) => JaxArray;
interface Shaped<D = Float> {
  shape: ShapeInput;
  dtype: D;
}

/** uint32 words. */
export const bits: Draw<[shape: ShapeInput, dtype: "uint32" | null], Shaped<"uint32" | null>> = define(
  "jax.random.bits",
  { key: random, shape, dtype: only(null, "uint32"), "*": null, out_sharding },
  ({ key, shape }) => run(() => core.bits(key.words, shapeOf("bits", shape))),
);

interface Range {
  minval: number;
  maxval: number;
}
/** Uniform in [minval, maxval), by default [0, 1): `uniform(key, [2, 3], { minval: -1 })`. */
export const uniform: Draw<[shape: ShapeInput, dtype: Float, minval: number, maxval: number], Shaped & Range> = define(
  "jax.random.uniform",
  { key: random, shape, dtype: float, minval: number.or(0), maxval: number.or(1), "*": null, out_sharding },
  ({ key, shape, minval, maxval }) => run(() => core.uniform(key.words, shapeOf("uniform", shape), minval, maxval)),
);

/** Standard normal. */
export const normal: Draw<[shape: ShapeInput, dtype: Float], Shaped> = define(
  "jax.random.normal",
  { key: random, shape, dtype: float, "*": null, out_sharding },
  ({ key, shape }) => run(() => core.normal(key.words, shapeOf("normal", shape))),
);

interface Cut extends Shaped {
  key: Key;
  lower: number;
  upper: number;
  out_sharding: null;
}
/** Standard normal cut to [lower, upper]. */
export const truncated_normal: (
  ...args: Given<[key: Key, lower: number, upper: number], [shape: ShapeInput | null, dtype: Float], Cut>
) => JaxArray = define(
  "jax.random.truncated_normal",
  { key: random, lower: number, upper: number, shape: shapeKind.or(null), dtype: float, "*": null, out_sharding },
  ({ key, lower, upper, shape }) =>
    run(() => core.truncatedNormal(key.words, shapeOf("truncated_normal", shape ?? []), lower, upper)),
);

type Low = "low" | null;
interface BernoulliNamed {
  p: ArrayLike;
  shape: ShapeInput | null;
  mode: Low;
}
/** True with probability p (default 0.5), a number or an array; the shape is by default that of p. */
export const bernoulli: Draw<[p: ArrayLike, shape: ShapeInput | null, mode: Low], BernoulliNamed> = define(
  "jax.random.bernoulli",
  { key: random, p: arrayLike.or(0.5), shape: shapeKind.or(null), mode: only("low"), "*": null, out_sharding },
  ({ key, p, shape }) => {
    const extents = shape === null ? undefined : shapeOf("bernoulli", shape);
    if (typeof p === "number") return run(() => core.bernoulli(key.words, extents ?? [], p));
    return run(() => {
      const chance = inexact("bernoulli", "p", p);
      return core.less(core.uniform(key.words, extents ?? chance.shape), broadcast(chance, extents ?? chance.shape));
    });
  },
);

interface RandintNamed extends Range {
  key: Key;
  shape: ShapeInput;
  dtype: "int32" | null;
  out_sharding: null;
}
/** int32 in [minval, maxval). */
export const randint: (
  ...args: Given<[key: Key, shape: ShapeInput, minval: number, maxval: number], [dtype: "int32" | null], RandintNamed>
) => JaxArray = define(
  "jax.random.randint",
  { key: random, shape: shapeKind, minval: int, maxval: int, dtype: only(null, "int32"), "*": null, out_sharding },
  ({ key, shape, minval, maxval }) => {
    return run(() => core.randint(key.words, shapeOf("randint", shape), minval, maxval));
  },
);

interface PermutationNamed {
  key: Key;
  x: number | JaxArray;
  axis: number;
  independent: boolean;
  out_sharding: null;
}
/** The numbers 0 to n - 1 in random order (int32), or an array with its entries along an axis (default 0) in random order. */
export const permutation: (
  ...args: Given<[key: Key, x: number | JaxArray], [axis: number, independent: boolean], PermutationNamed>
) => JaxArray = define(
  "jax.random.permutation",
  {
    key: random,
    x: count.either(new Kind<JaxArray>("an Array", (x) => x instanceof JaxArray)),
    axis: int.or(0),
    independent: only(false),
    "*": null,
    out_sharding,
  },
  ({ key, x, axis }) => {
    if (typeof x === "number") return run(() => core.shuffledOrder(key.words, x));
    const at = axisOf("permutation", axis, x.ndim);
    return take(
      x,
      run(() => core.shuffledOrder(key.words, x.shape[at] as number)),
      at,
    );
  },
);

/** Standard Gumbel: -log(-log(u)), u uniform in [smallest normal number, 1). */
export const gumbel: Draw<[shape: ShapeInput, dtype: Float, mode: Low], Shaped & { mode: Low }> = define(
  "jax.random.gumbel",
  { key: random, shape, dtype: float, mode: only(null, "low"), "*": null, out_sharding },
  ({ key, shape }) => run(() => core.gumbel(key.words, shapeOf("gumbel", shape))),
);

interface CategoricalNamed {
  key: Key;
  logits: ArrayLike;
  axis: number;
  shape: ShapeInput | null;
  replace: boolean;
  mode: Low;
  out_sharding: null;
}
/**
 * Class indices (int32) drawn with probabilities softmax(logits) along an axis (default the last), with replacement. `shape`
 * is that of the result: it ends as logits does without the axis.
 */
export const categorical: (
  ...args: Given<
    [key: Key, logits: ArrayLike],
    [axis: number, shape: ShapeInput | null, replace: boolean, mode: Low],
    CategoricalNamed
  >
) => JaxArray = define(
  "jax.random.categorical",
  {
    key: random,
    logits: arrayLike,
    axis: int.or(-1),
    shape: shapeKind.or(null),
    replace: only(true),
    mode: only(null, "low"),
    "*": null,
    out_sharding,
  },
  ({ key, logits, axis, shape }) =>
    run(() => {
      const x = inexact("categorical", "logits", new JaxArray(computable("categorical", "logits", logits)));
      const at = axisOf("categorical", axis, x.rank);
      const rows = x.shape.filter((_, i) => i !== at);
      const extents = shape === null ? rows : shapeOf("categorical", shape);
      const before = extents.slice(0, Math.max(0, extents.length - rows.length));
      if (`${[...before, ...rows]}` !== `${extents}`)
        throw new ShapeError({
          op: "categorical",
          argument: "shape",
          expected: `a shape that ends as ${core.formatShape(rows)}`,
          given: core.formatShape(extents),
        });
      return core.categorical(key.words, x, before, at);
    }),
);

const plain = (
  name: string,
  draw: (key: core.AnyKey, shape: readonly number[]) => Tensor,
): Draw<[shape: ShapeInput, dtype: Float], Shaped> =>
  define(`jax.random.${name}`, { key: random, shape, dtype: float, "*": null, out_sharding }, ({ key, shape }) =>
    run(() => draw(key.words, shapeOf(name, shape))),
  );

/** Exponential of rate 1. */
export const exponential = plain("exponential", core.exponential);
/** Standard Laplace. */
export const laplace = plain("laplace", core.laplace);
/** Standard Cauchy. */
export const cauchy = plain("cauchy", core.cauchy);
/** Standard logistic. */
export const logistic = plain("logistic", core.logistic);

/** -1 or 1, int32. */
export const rademacher: Draw<[shape: ShapeInput, dtype: "int32" | null], Shaped<"int32" | null>> = define(
  "jax.random.rademacher",
  { key: random, shape, dtype: only(null, "int32"), "*": null, out_sharding },
  ({ key, shape }) => run(() => core.cast(core.rademacher(key.words, shapeOf("rademacher", shape)), "int32")),
);

const ofParameter = (
  name: string,
  draw: (key: core.AnyKey, a: Tensor, shape: readonly number[]) => Tensor,
): ((
  ...args: Given<
    [key: Key, a: ArrayLike],
    [shape: ShapeInput | null, dtype: Float],
    { key: Key; a: ArrayLike; shape: ShapeInput | null; dtype: Float; out_sharding: null }
  >
) => JaxArray) =>
  define(
    `jax.random.${name}`,
    { key: random, a: arrayLike, shape: shapeKind.or(null), dtype: float, "*": null, out_sharding },
    ({ key, a, shape }) =>
      run(() => {
        const own = inexact(name, "a", a);
        return draw(key.words, own, shape === null ? own.shape : shapeOf(name, shape));
      }),
  );

/** Gamma with shape `a` and scale 1. */
export const gamma = ofParameter("gamma", core.randomGamma);
/** Its logarithm, exact for small `a`. */
export const loggamma = ofParameter("loggamma", (key, a, shape) => core.randomGamma(key, a, shape, true));

interface BetaNamed extends Shaped {
  key: Key;
  a: ArrayLike;
  b: ArrayLike;
}
/** Beta with parameters a and b, which are broadcast. */
export const beta: (
  ...args: Given<
    [key: Key, a: ArrayLike, b: ArrayLike],
    [shape: ShapeInput | null, dtype: Float],
    BetaNamed & { out_sharding: null }
  >
) => JaxArray = define(
  "jax.random.beta",
  { key: random, a: arrayLike, b: arrayLike, shape: shapeKind.or(null), dtype: float, "*": null, out_sharding },
  ({ key, a, b, shape }) =>
    run(() => {
      const [x, y] = [inexact("beta", "a", a), inexact("beta", "b", b)];
      const own = shape === null ? core.add(x, y).shape : shapeOf("beta", shape);
      return core.randomBeta(key.words, x, y, own);
    }),
);

/** Poisson with mean `lam`: int32. From a mean of 10 on the numbers are other ones than those of JAX. */
export const poisson: (
  ...args: Given<
    [key: Key, lam: ArrayLike],
    [shape: ShapeInput | null, dtype: "int32" | null],
    { key: Key; lam: ArrayLike; shape: ShapeInput | null; dtype: "int32" | null; out_sharding: null }
  >
) => JaxArray = define(
  "jax.random.poisson",
  { key: random, lam: arrayLike, shape: shapeKind.or(null), dtype: only(null, "int32"), "*": null, out_sharding },
  ({ key, lam, shape }) =>
    run(() => {
      const rate = inexact("poisson", "lam", lam);
      return core.randomPoisson(key.words, rate, shape === null ? rate.shape : shapeOf("poisson", shape));
    }),
);

/** Shares that sum to 1 along the last axis, with concentrations `alpha`. `shape` is that of the result without it. */
export const dirichlet: (
  ...args: Given<
    [key: Key, alpha: ArrayLike],
    [shape: ShapeInput | null, dtype: Float],
    { key: Key; alpha: ArrayLike; shape: ShapeInput | null; dtype: Float; out_sharding: null }
  >
) => JaxArray = define(
  "jax.random.dirichlet",
  { key: random, alpha: arrayLike, shape: shapeKind.or(null), dtype: float, "*": null, out_sharding },
  ({ key, alpha, shape }) =>
    run(() => {
      const own = inexact("dirichlet", "alpha", alpha);
      return core.randomDirichlet(
        key.words,
        own,
        shape === null ? own.shape.slice(0, -1) : shapeOf("dirichlet", shape),
      );
    }),
);

interface ChoiceNamed {
  key: Key;
  a: number | JaxArray;
  shape: ShapeInput;
  replace: boolean;
  p: ArrayLike | null;
  axis: number;
  mode: Low;
}
/** Numbers below `a`, or entries of an array along an axis, drawn with probabilities `p`, by default all the same. */
export const choice: (
  ...args: Given<
    [key: Key, a: number | JaxArray],
    [shape: ShapeInput, replace: boolean, p: ArrayLike | null, axis: number, mode: Low],
    ChoiceNamed
  >
) => JaxArray = define(
  "jax.random.choice",
  {
    key: random,
    a: count.either(new Kind<JaxArray>("an Array", (x) => x instanceof JaxArray)),
    shape,
    replace: bool.or(true),
    p: arrayLike.or(null),
    axis: int.or(0),
    mode: only(null, "low"),
  },
  ({ key, a, shape, replace, p, axis }) => {
    const extents = shapeOf("choice", shape);
    const at = typeof a === "number" ? 0 : axisOf("choice", axis, a.ndim);
    const n = typeof a === "number" ? a : (a.shape[at] as number);
    const places = run(() =>
      core.choice(key.words, n, extents, { replace, ...(p !== null && { p: inexact("choice", "p", p) }) }),
    );
    return typeof a === "number" ? places : take(a, places, at);
  },
);

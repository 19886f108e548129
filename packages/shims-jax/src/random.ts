// jax.random on Threefry-2x32, with the bits of JAX's default (jax_threefry_partitionable=True).
import * as core from "@facet/autograd";
import { ArgumentError, sizeOf, type Tensor } from "@facet/autograd";
import { type ArrayLike, computable, inexact, JaxArray, run } from "./array.js";
import { array, type ShapeInput, shapeOf } from "./numpy/creation.js";
import { axisOf, broadcast, take } from "./numpy/shape.js";
import { describe, isKeywords, type Keywords, keywords } from "./options.js";
import { hostNumber } from "./traced_number.js";

/**
 * A key: a value of shape [] that random functions turn into bits. It lives on the host, and `split` gives a list of keys
 * rather than an array of them; `key_data` gives its words as an array.
 */
export class PRNGKeyArray {
  readonly words: core.Key;
  readonly shape: readonly number[] = [];
  readonly dtype = "key<fry>";

  constructor(words: core.Key) {
    this.words = words;
  }

  toString(): string {
    return `Array((), dtype=key<fry>) overlaying: [${this.words.join(" ")}]`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function wordsOf(fn: string, key: unknown): core.Key {
  if (key instanceof PRNGKeyArray) return key.words;
  throw new ArgumentError({
    op: fn,
    argument: "key",
    expected: "a key made by jax.random.key or split",
    given: describe(key),
  });
}

/** The key of a seed. Of larger seeds the low 32 bits count, as in JAX with 64-bit types off. */
export function key(seed: number): PRNGKeyArray {
  if (!Number.isSafeInteger(seed))
    throw new ArgumentError({ op: "key", argument: "seed", expected: "an integer", given: describe(seed) });
  return new PRNGKeyArray(core.keyFromSeed(Number(BigInt.asUintN(32, BigInt(seed)))));
}
/** As key: old and new style keys are the same here. */
export const PRNGKey = key;

/** The two words of a key, uint32 [2]. */
export const key_data = (keys: PRNGKeyArray): JaxArray => array(Uint32Array.from(wordsOf("key_data", keys)));

/** `num` independent keys, as a list. */
export function split(key: PRNGKeyArray, num = 2): PRNGKeyArray[] {
  if (!Number.isInteger(num) || num < 0)
    throw new ArgumentError({ op: "split", argument: "num", expected: "a whole number", given: describe(num) });
  const words = wordsOf("split", key);
  return core.drawnKeys(num, () => core.splitKey(words, num)).map((part) => new PRNGKeyArray(part));
}

/** A key that depends on an integer too, of which 32 bits count. */
export function fold_in(key: PRNGKeyArray, data: number): PRNGKeyArray {
  const words = wordsOf("fold_in", key);
  const number = (): number => {
    const value = hostNumber(data);
    if (Number.isSafeInteger(value)) return value;
    throw new ArgumentError({ op: "fold_in", argument: "data", expected: "an integer", given: describe(data) });
  };
  return new PRNGKeyArray(core.drawnKey(() => core.foldIn(words, number())));
}

const onlyFloat = (fn: string, dtype: string | undefined): void => {
  keywords(fn, { dtype: dtype === "float32" ? undefined : dtype }, {}, { dtype: undefined });
};

type Range = Keywords<{ dtype: string; minval: number; maxval: number }>;

/** uint32 words. */
export const bits = (key: PRNGKeyArray, shape: ShapeInput = []): JaxArray =>
  run(() => core.bits(wordsOf("bits", key), shapeOf("bits", shape)));

/** Uniform in [minval, maxval), by default [0, 1): `uniform(key, [2, 3], { minval: -1 })`. */
export function uniform(
  key: PRNGKeyArray,
  shape: ShapeInput = [],
  dtype?: string | Range,
  minval = 0,
  maxval = 1,
): JaxArray {
  const values = keywords<{ dtype: string; minval: number; maxval: number }>(
    "uniform",
    isKeywords(dtype) ? dtype : { dtype: dtype as string | undefined },
    { dtype: "float32", minval, maxval },
  );
  onlyFloat("uniform", values.dtype);
  return run(() => core.uniform(wordsOf("uniform", key), shapeOf("uniform", shape), values.minval, values.maxval));
}

/** Standard normal. */
export function normal(key: PRNGKeyArray, shape: ShapeInput = [], dtype?: string): JaxArray {
  onlyFloat("normal", dtype);
  return run(() => core.normal(wordsOf("normal", key), shapeOf("normal", shape)));
}

/** Standard normal cut to [lower, upper]. */
export function truncated_normal(
  key: PRNGKeyArray,
  lower: number,
  upper: number,
  shape: ShapeInput = [],
  dtype?: string,
): JaxArray {
  onlyFloat("truncated_normal", dtype);
  const words = wordsOf("truncated_normal", key);
  return run(() => core.truncatedNormal(words, shapeOf("truncated_normal", shape), lower, upper));
}

/** True with probability p (default 0.5), a number or an array; the shape is by default that of p. */
export function bernoulli(key: PRNGKeyArray, p: ArrayLike = 0.5, shape?: ShapeInput): JaxArray {
  const words = wordsOf("bernoulli", key);
  const extents = shape === undefined ? undefined : shapeOf("bernoulli", shape);
  if (typeof p === "number") return run(() => core.bernoulli(words, extents ?? [], p));
  return run(() => {
    const chance = inexact("bernoulli", "p", p);
    return core.less(core.uniform(words, extents ?? chance.shape), broadcast(chance, extents ?? chance.shape));
  });
}

/** int32 in [minval, maxval). Drawn on the host. */
export function randint(
  key: PRNGKeyArray,
  shape: ShapeInput,
  minval: number,
  maxval: number,
  dtype: string = "int32",
): JaxArray {
  keywords("randint", { dtype: dtype === "int32" ? undefined : dtype }, {}, { dtype: undefined });
  const extents = shapeOf("randint", shape);
  const values = core.randomIntegers(wordsOf("randint", key), sizeOf(extents), minval, maxval);
  return run(() => core.fromData(values, extents, "int32"));
}

type Order = Keywords<{ axis: number; independent: boolean }>;

/** The numbers 0 to n - 1 in random order (int32), or an array with its entries along an axis (default 0) in random order. */
export function permutation(
  key: PRNGKeyArray,
  x: number | JaxArray,
  axis: number | Order = 0,
  options?: Order,
): JaxArray {
  const words = wordsOf("permutation", key);
  const named = isKeywords(axis) ? axis : { ...options, axis };
  const { axis: along } = keywords("permutation", named, { axis: 0 }, { independent: false });
  if (x instanceof JaxArray) {
    const at = axisOf("permutation", along, x.ndim);
    const order = core.permutation(words, x.shape[at] as number);
    return take(x, array(order), at);
  }
  if (!Number.isInteger(x) || x < 0)
    throw new ArgumentError({
      op: "permutation",
      argument: "x",
      expected: "a whole number or an Array",
      given: describe(x),
    });
  return array(core.permutation(words, x));
}

/** Standard Gumbel: -log(-log(u)), u uniform in [smallest normal number, 1). */
export function gumbel(key: PRNGKeyArray, shape: ShapeInput = [], dtype?: string): JaxArray {
  onlyFloat("gumbel", dtype);
  return run(() => gumbelTensor(wordsOf("gumbel", key), shapeOf("gumbel", shape)));
}

const TINY = 2 ** -126;
const gumbelTensor = (words: core.Key, shape: readonly number[]): Tensor =>
  core.neg(core.log(core.neg(core.log(core.uniform(words, shape, TINY, 1)))));

/** Class indices (int32) drawn with probabilities softmax(logits) along an axis (default the last), with replacement. */
export function categorical(
  key: PRNGKeyArray,
  logits: JaxArray,
  axis = -1,
  options?: Keywords<Record<never, never>>,
): JaxArray {
  keywords("categorical", options, {}, { shape: undefined, replace: true });
  return run(() => {
    const x = inexact("categorical", "logits", new JaxArray(computable("categorical", "logits", logits)));
    return core.argmax(
      core.add(gumbelTensor(wordsOf("categorical", key), x.shape), x),
      axisOf("categorical", axis, x.rank),
    );
  });
}

// jax.nn: attention, standardising, and logarithms of means.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { bool, int, number, oneOf, only, show } from "@facet/dialect";
import { array, arrayLike, axes as axesKind, declared, ints } from "./arguments.js";
import { type ArrayLike, type Axis, converted, inexact, JaxArray, run } from "./array.js";
import { logsumexp } from "./nn.js";
import { axesOf, broadcast } from "./numpy/axes.js";
import { mean as meanOf } from "./numpy/reduce.js";

/** x - mean over the square root of variance + epsilon, along `axis` (default the last); mean and variance are x's own unless given. */
export const standardize = declared<
  [x: ArrayLike],
  [axis: Axis, mean: ArrayLike | null, variance: ArrayLike | null, epsilon: ArrayLike, where: JaxArray | null]
>()(
  "jax.nn.standardize",
  {
    x: arrayLike,
    axis: ints.orNone.or(-1),
    mean: arrayLike.or(null),
    variance: arrayLike.or(null),
    epsilon: arrayLike.or(1e-5),
    where: array.or(null),
    "*": null,
    algorithm: oneOf("fast", "stable").or("fast"),
  },
  ({ x: given, axis, mean, variance, epsilon, where, algorithm }) =>
    run(() => {
      const fn = "standardize";
      const x = inexact(fn, "x", given);
      const own = (argument: string, value: ArrayLike): Tensor => converted(inexact(fn, argument, value), x.dtype);
      const average = (of: Tensor): Tensor => meanOf(new JaxArray(of), { axis, keepdims: true, where }).core;
      const centre = mean === null ? average(x) : own("mean", mean);
      const away = core.sub(x, centre);
      const spread =
        variance !== null
          ? own("variance", variance)
          : algorithm === "stable"
            ? average(core.square(away))
            : core.maximum(core.sub(average(core.square(x)), core.square(centre)), 0);
      return core.mul(away, core.rsqrt(core.add(spread, own("epsilon", epsilon))));
    }),
);

/** log of the mean of e^x over `axis` (default all). `where` marks what counts. */
export const logmeanexp = declared<[x: ArrayLike], [axis: Axis, where: JaxArray | null, keepdims: boolean]>()(
  "jax.nn.logmeanexp",
  { x: arrayLike, axis: axesKind, where: array.or(null), keepdims: bool.or(false) },
  ({ x: given, axis, where, keepdims }) =>
    run(() => {
      const x = inexact("logmeanexp", "x", given);
      const total = (logsumexp as (a: JaxArray, options: object) => JaxArray)(new JaxArray(x), {
        axis,
        where,
        keepdims,
      }).core;
      const axes = axesOf("logmeanexp", axis, x.rank);
      if (where === null) return core.sub(total, Math.log(core.sizeOf(axes.map((d) => x.shape[d] as number))));
      const counted = core.cast(broadcast(converted(where.core, "bool"), x.shape), "float32");
      return core.sub(total, core.cast(core.log(core.sum(counted, { axes, keepdims })), x.dtype));
    }),
);

/** log(1 - e^-x), for x of 0 or more. */
export const log1mexp = declared<[x: ArrayLike]>()("jax.nn.log1mexp", { x: arrayLike }, ({ x: given }) =>
  run(() => {
    const x = inexact("log1mexp", "x", given);
    const isSmall = core.less(x, Math.LN2);
    const near = core.where(isSmall, x, 1);
    const far = core.where(isSmall, 1, x);
    return core.where(
      isSmall,
      core.log(core.neg(core.expm1(core.neg(near)))),
      core.log1p(core.neg(core.exp(core.neg(far)))),
    );
  }),
);

const windows = int.either(ints).or(null);
type Window = number | readonly number[] | null;
/**
 * softmax(query key' scale + bias) value, [batch, length, heads, width] or without batch; key and value may have fewer heads. `mask` (bool)
 * says which keys are seen, as do `is_causal`, lengths of queries and keys for each of the batch, and how many keys before and after its
 * own a query sees.
 */
export const dot_product_attention = declared<
  [query: JaxArray, key: JaxArray, value: JaxArray],
  [bias: JaxArray | null, mask: JaxArray | null]
>()(
  "jax.nn.dot_product_attention",
  {
    query: array,
    key: array,
    value: array,
    bias: array.or(null),
    mask: array.or(null),
    "*": null,
    scale: number.or(null),
    is_causal: bool.or(false),
    query_seq_lengths: array.or(null),
    key_value_seq_lengths: array.or(null),
    local_window_size: windows,
    implementation: only(null, "xla"),
    return_residual: only(false),
  },
  ({ query, key, value, bias, mask, scale, is_causal, query_seq_lengths, key_value_seq_lengths, local_window_size }) =>
    run(() => {
      const fn = "dot_product_attention";
      const [q, k, v] = [inexact(fn, "query", query), inexact(fn, "key", key), inexact(fn, "value", value)];
      if ((q.rank !== 3 && q.rank !== 4) || k.rank !== q.rank || v.rank !== q.rank)
        throw new ShapeError({
          op: fn,
          argument: k.rank === q.rank && v.rank === q.rank ? "query" : "key",
          expected: "[batch, length, heads, width] or [length, heads, width]",
          given: formatShape(k.rank === q.rank ? q.shape : k.shape),
        });
      const four = (x: Tensor): Tensor => (x.rank === 4 ? x : core.reshape(x, [1, ...x.shape]));
      const [queries, keys] = [four(q).shape[1] as number, four(k).shape[1] as number];
      const batch = four(q).shape[0] as number;
      const before = (lengths: JaxArray, argument: string, extent: number, shape: readonly number[]): Tensor => {
        const own = core.reshape(core.cast(lengths.core, "int32"), [lengths.size, 1, 1, 1]);
        if (lengths.size !== batch)
          throw new ShapeError({ op: fn, argument, expected: `${batch} lengths`, given: formatShape(lengths.shape) });
        return core.less(core.reshape(core.arange(0, extent, 1, "int32"), shape), own);
      };
      const parts: Tensor[] = [];
      if (mask !== null) parts.push(raised(fn, "mask", converted(mask.core, "bool")));
      if (query_seq_lengths !== null)
        parts.push(before(query_seq_lengths, "query_seq_lengths", queries, [1, 1, queries, 1]));
      if (key_value_seq_lengths !== null)
        parts.push(before(key_value_seq_lengths, "key_value_seq_lengths", keys, [1, 1, 1, keys]));
      const seen = parts.length > 0 ? parts.reduce((a, b) => core.logicalAnd(a, b)) : undefined;
      const added = bias === null ? undefined : raised(fn, "bias", inexact(fn, "bias", bias));
      const both = added && seen ? core.where(seen, added, LEAST) : (added ?? seen);
      const window = windowOf(fn, local_window_size);
      const y = core.attention(four(q), four(k), four(v), {
        layout: "BTHD",
        mask: both,
        causal: is_causal,
        ...(window ? { window } : {}),
        ...(scale === null ? {} : { scale }),
        emptyRows: "uniform",
      });
      const shaped = core.reshape(y, [...q.shape.slice(0, -1), v.shape.at(-1) as number]);
      if (query_seq_lengths === null) return shaped;
      // What lies beyond a query's length is 0.
      const inside = before(query_seq_lengths, "query_seq_lengths", queries, [1, queries, 1, 1]);
      return core.where(q.rank === 4 ? inside : core.reshape(inside, [queries, 1, 1]), shaped, 0);
    }),
);
/** What stands for minus infinity among scores. */
const LEAST = -0.7 * (2 - 2 ** -23) * 2 ** 127;
function raised(fn: string, argument: string, x: Tensor): Tensor {
  if (x.rank <= 4) return core.reshape(x, [...Array<number>(4 - x.rank).fill(1), ...x.shape]);
  throw new ShapeError({ op: fn, argument, expected: "[batch, heads, queries, keys]", given: formatShape(x.shape) });
}
function windowOf(fn: string, given: Window): { before: number; after: number } | undefined {
  if (given === null) return undefined;
  const [before, after] = typeof given === "number" ? [given, given] : given;
  if (before !== undefined && after !== undefined) return { before, after };
  throw new ArgumentError({
    op: fn,
    argument: "local_window_size",
    expected: "a number, or [before, after]",
    given: show(given),
  });
}

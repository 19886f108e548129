// flax.linen.pooling, which flax.nnx has too: windows over images [..., spatial axes, channels].
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, sizeOf, type Tensor } from "@facet/autograd";
import { bool, define, int, Kind, listOf } from "@facet/dialect";
import { type ArrayLike, arrayLike, type Given, inexact, type JaxArray, run } from "@facet/shims-jax/parts";

type Ints = readonly number[];
type Padding = "SAME" | "VALID" | readonly (readonly [number, number])[];
const padding = new Kind<Padding>(
  '"SAME", "VALID" or pairs',
  (x) =>
    x === "SAME" ||
    x === "VALID" ||
    (Array.isArray(x) && x.every((each) => Array.isArray(each) && each.length === 2 && each.every(Number.isInteger))),
);
const RULES = {
  inputs: arrayLike,
  window_shape: listOf(int),
  strides: listOf(int).or(null),
  padding: padding.or("VALID"),
};
interface Named {
  inputs: ArrayLike;
  window_shape: Ints;
  strides: Ints | null;
  padding: Padding;
}
type Pool<Rest extends readonly unknown[] = [], More = object> = (
  ...args: Given<
    [inputs: ArrayLike, window_shape: Ints],
    [strides: Ints | null, padding: Padding, ...Rest],
    Named & More
  >
) => JaxArray;

function pooled(
  fn: string,
  { inputs, window_shape, strides, padding }: Named,
  f: (x: Tensor, attrs: core.PoolAttrs) => Tensor,
): JaxArray {
  return run(() => {
    const given = inexact(fn, "inputs", inputs);
    const count = window_shape.length;
    const stride = strides ?? window_shape.map(() => 1);
    if (stride.length !== count)
      throw new ArgumentError({ op: fn, argument: "strides", expected: `${count} numbers`, given: `${stride.length}` });
    if (given.rank < count + 1 || count < 1 || count > 3)
      throw new ShapeError({
        op: fn,
        argument: "inputs",
        expected: `rank ${count + 1} or more, and a window of one to three axes`,
        given: formatShape(given.shape),
      });
    const leading = given.shape.slice(0, -(count + 1));
    const x = core.reshape(given, [sizeOf(leading), ...given.shape.slice(leading.length)]);
    if (typeof padding !== "string" && padding.length !== count)
      throw new ArgumentError({ op: fn, argument: "padding", expected: `${count} pairs`, given: `${padding.length}` });
    const pairs = window_shape.flatMap((taps, i) => {
      if (padding === "VALID") return [0, 0];
      if (padding === "SAME") return core.samePadding(x.shape[1 + i] as number, taps, stride[i] as number, 1);
      return [...(padding[i] as readonly [number, number])];
    });
    const y = f(x, { window: window_shape, stride, padding: pairs, channelsLast: true });
    return core.reshape(y, [...leading, ...y.shape.slice(1)]);
  });
}

/** Largest element of every window; strides are 1 unless given. */
export const max_pool: Pool = define("flax.linen.max_pool", RULES, (given) =>
  pooled("max_pool", given as Named, core.maxPool),
);
/** Smallest element of every window. */
export const min_pool: Pool = define("flax.linen.min_pool", RULES, (given) =>
  pooled("min_pool", given as Named, (x, attrs) => core.neg(core.maxPool(core.neg(x), attrs))),
);
/** Mean of every window: by its size, or with `count_include_pad` false by how much of it lies in the image. */
export const avg_pool: Pool<[count_include_pad: boolean], { count_include_pad: boolean }> = define(
  "flax.linen.avg_pool",
  { ...RULES, count_include_pad: bool.or(true) },
  ({ count_include_pad, ...given }) =>
    pooled("avg_pool", given as Named, (x, attrs) => {
      const sums = core.sumPool(x, attrs);
      if (count_include_pad) return core.div(sums, sizeOf(attrs.window));
      return core.div(sums, core.sumPool(core.full([1, ...x.shape.slice(1, -1), 1], 1), attrs));
    }),
);

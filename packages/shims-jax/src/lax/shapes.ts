// jax.lax: shapes, fillings, joining and cutting. Dimensions are counted from the front unless a docstring says otherwise.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { bool, int, Kind, listOf, only, show } from "@facet/dialect";
import { arrayLike, arrays, declared, dtype as dtypeKind, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, JaxArray, operand, run } from "../array.js";
import { axesOf, axisOf } from "../numpy/axes.js";
import { filledWith, type ShapeInput, shapeOf } from "../numpy/creation.js";
import { promoted } from "../numpy/ufunc.js";

export type Ints = readonly number[];
export const natural = int.where("a whole number of 0 or more", (n) => n >= 0);
export const naturals = listOf(natural);
export const out_sharding = only(null);

/** Shape that shapes broadcast to. */
export const broadcast_shapes = declared<Ints[]>()(
  "jax.lax.broadcast_shapes",
  { "*shapes": naturals },
  ({ shapes }): number[] => {
    const all = shapes as unknown as readonly Ints[];
    const rank = Math.max(0, ...all.map((each) => each.length));
    return Array.from({ length: rank }, (_, d) => {
      const extents = all.map((each) => each[d - rank + each.length] ?? 1);
      const extent = extents.find((each) => each !== 1) ?? 1;
      if (extents.every((each) => each === 1 || each === extent)) return extent;
      const given = all.map(formatShape).join(", ");
      throw new ShapeError({ op: "broadcast_shapes", argument: "shapes", expected: "shapes that broadcast", given });
    });
  },
) as (...shapes: readonly Ints[]) => number[];

/** The array repeated along new dimensions of these sizes in front. */
export const broadcast = declared<[operand: ArrayLike, sizes: Ints]>()(
  "jax.lax.broadcast",
  { operand: arrayLike, sizes: naturals, "*": null, out_sharding },
  ({ operand: given, sizes }) =>
    run(() => {
      const x = computable("broadcast", "operand", given);
      return core.expand(x, [...sizes, ...x.shape]);
    }),
);

/** The array repeated to a shape, whose dimensions `broadcast_dimensions` are those of the array, in ascending order. */
export const broadcast_in_dim = declared<[operand: ArrayLike, shape: Ints, broadcast_dimensions: Ints]>()(
  "jax.lax.broadcast_in_dim",
  { operand: arrayLike, shape: naturals, broadcast_dimensions: naturals, "*": null, out_sharding },
  ({ operand: given, shape, broadcast_dimensions }) =>
    run(() => {
      const fn = "broadcast_in_dim";
      const x = computable(fn, "operand", given);
      const fits =
        broadcast_dimensions.length === x.rank &&
        broadcast_dimensions.every(
          (d, i) =>
            d < shape.length &&
            (i === 0 || d > (broadcast_dimensions[i - 1] as number)) &&
            (x.shape[i] === 1 || x.shape[i] === shape[d]),
        );
      if (!fits)
        throw new ShapeError({
          op: fn,
          argument: "broadcast_dimensions",
          expected: `ascending dimensions of ${formatShape(shape)} for those of ${formatShape(x.shape)}`,
          given: show(broadcast_dimensions),
        });
      const raised = shape.map((_, d) =>
        broadcast_dimensions.includes(d) ? x.shape[broadcast_dimensions.indexOf(d)] : 1,
      );
      return core.expand(core.reshape(x, raised as number[]), shape);
    }),
);

/** Dimensions of extent 1 in front until there are `rank`. */
export const broadcast_to_rank = declared<[x: ArrayLike, rank: number]>()(
  "jax.lax.broadcast_to_rank",
  { x: arrayLike, rank: natural },
  ({ x: given, rank }) =>
    run(() => {
      const x = operand("broadcast_to_rank", "x", given);
      return core.reshape(x, [...Array<number>(Math.max(0, rank - x.rank)).fill(1), ...x.shape]);
    }),
);

/** New dimensions of extent 1 where the result has `dimensions`; negative ones count from its last. */
export const expand_dims = declared<[array: ArrayLike, dimensions: Ints]>()(
  "jax.lax.expand_dims",
  { array: arrayLike, dimensions: listOf(int) },
  ({ array, dimensions }) =>
    run(() => {
      const x = operand("expand_dims", "array", array);
      const at = axesOf("expand_dims", dimensions, x.rank + dimensions.length);
      const rest = [...x.shape];
      return core.reshape(
        x,
        Array.from({ length: x.rank + at.length }, (_, d) => (at.includes(d) ? 1 : (rest.shift() as number))),
      );
    }),
);

/** Without the dimensions that are named, which have extent 1; negative ones count from the last. */
export const squeeze = declared<[array: ArrayLike, dimensions: Ints]>()(
  "jax.lax.squeeze",
  { array: arrayLike, dimensions: listOf(int) },
  ({ array, dimensions }) =>
    run(() => {
      const x = operand("squeeze", "array", array);
      const at = axesOf("squeeze", dimensions, x.rank);
      if (at.some((d) => x.shape[d] !== 1))
        throw new ShapeError({
          op: "squeeze",
          argument: "dimensions",
          expected: `dimensions of extent 1 of ${formatShape(x.shape)}`,
          given: show(dimensions),
        });
      return core.reshape(
        x,
        x.shape.filter((_, d) => !at.includes(d)),
      );
    }),
);

/** Dimensions from `start_dimension` to before `stop_dimension` (default the end) as one. */
export const collapse = declared<[operand: ArrayLike, start_dimension: number], [stop_dimension: number | null]>()(
  "jax.lax.collapse",
  { operand: arrayLike, start_dimension: int, stop_dimension: int.or(null) },
  ({ operand: given, start_dimension, stop_dimension }) =>
    run(() => {
      const x = operand("collapse", "operand", given);
      const place = (argument: string, d: number): number => {
        const at = d < 0 ? d + x.rank : d;
        if (at >= 0 && at <= x.rank) return at;
        throw new ShapeError({ op: "collapse", argument, expected: `a dimension of ${x.rank}`, given: `${d}` });
      };
      const from = place("start_dimension", start_dimension);
      const to = place("stop_dimension", stop_dimension ?? x.rank);
      if (from > to)
        throw new ArgumentError({
          op: "collapse",
          argument: "stop_dimension",
          expected: `${from} or more`,
          given: show(stop_dimension),
        });
      return core.reshape(x, [...x.shape.slice(0, from), core.sizeOf(x.shape.slice(from, to)), ...x.shape.slice(to)]);
    }),
);

const configs = listOf(listOf(int, 3));
/**
 * `padding_config` has [low, high, interior] for each dimension: elements of `padding_value` (a scalar) before, after and between
 * those of the array. Negative low and high crop.
 */
export const pad = declared<[operand: ArrayLike, padding_value: ArrayLike, padding_config: readonly Ints[]]>()(
  "jax.lax.pad",
  { operand: arrayLike, padding_value: arrayLike, padding_config: configs },
  ({ operand: given, padding_value, padding_config }) =>
    run(() => {
      const [x, value] = promoted("pad", { operand: given, padding_value }) as [Tensor, Tensor];
      return padded("pad", x, value, padding_config);
    }),
);

/** See lax.pad. */
export function padded(fn: string, x: Tensor, value: Tensor, config: readonly Ints[]): Tensor {
  const wrong = config.length !== x.rank || config.some(([, , interior]) => (interior as number) < 0);
  if (wrong || value.rank !== 0)
    throw new ShapeError({
      op: fn,
      argument: wrong ? "padding_config" : "padding_value",
      expected: wrong ? `${x.rank} times [low, high, interior], interior 0 or more` : "a scalar",
      given: wrong ? show(config) : formatShape(value.shape),
    });
  const spread = x.shape.map((extent, d) => Math.max(0, (extent - 1) * ((config[d]?.[2] ?? 0) + 1) + 1));
  const whole = spread.map((extent, d) => extent + Math.max(0, config[d]?.[0] ?? 0) + Math.max(0, config[d]?.[1] ?? 0));
  const from = config.map(([low]) => Math.max(0, -(low as number)));
  const to = whole.map((extent, d) => extent - Math.max(0, -(config[d]?.[1] ?? 0)));
  if (to.some((extent, d) => extent < (from[d] as number)))
    throw new ShapeError({
      op: fn,
      argument: "padding_config",
      expected: `less cropped than there is of ${formatShape(x.shape)}`,
      given: show(config),
    });
  const filled = core.expand(value, whole);
  const laid =
    x.size === 0
      ? filled
      : core.updateSlice(
          filled,
          x,
          config.map(([low]) => Math.max(0, low as number)),
          config.map(([, , interior]) => (interior as number) + 1),
        );
  const isWhole = from.every((n) => n === 0) && to.every((n, d) => n === whole[d]);
  return isWhole ? laid : core.slice(laid, from, to);
}

/** Pieces of these sizes along an axis, one after another; together they are the whole. */
export const split = declared<[operand: ArrayLike, sizes: Ints], [axis: number]>()(
  "jax.lax.split",
  { operand: arrayLike, sizes: naturals, axis: int.or(0) },
  ({ operand: given, sizes, axis }) => {
    const x = computable("split", "operand", given);
    const at = axisOf("split", axis, x.rank);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total !== x.shape[at])
      throw new ShapeError({ op: "split", argument: "sizes", expected: `a sum of ${x.shape[at]}`, given: show(sizes) });
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return run(() => core.sliceAlong(x, at, end - size, end));
    });
  },
);

/** The array beside itself so often along each dimension. */
export const tile = declared<[operand: ArrayLike, reps: Ints]>()(
  "jax.lax.tile",
  { operand: arrayLike, reps: naturals },
  ({ operand: given, reps }) =>
    run(() => {
      const x = computable("tile", "operand", given);
      if (reps.length === x.rank) return core.tile(x, reps);
      throw new ShapeError({ op: "tile", argument: "reps", expected: `${x.rank} counts`, given: show(reps) });
    }),
);

/** Arrays of one shape and dtype along a new axis. */
export const stack = declared<[operands: readonly JaxArray[]], [axis: number]>()(
  "jax.lax.stack",
  { operands: arrays, axis: int.or(0) },
  ({ operands, axis }) =>
    run(() => {
      const list = operands instanceof JaxArray ? unstacked(operands, 0) : operands;
      const tensors = list.map((x, i) => computable("stack", `operands[${i}]`, x));
      return core.stack(tensors, axisOf("stack", axis, (tensors[0]?.rank ?? 0) + 1));
    }),
);

function unstacked(x: ArrayLike, axis: number): JaxArray[] {
  const tensor = computable("unstack", "x", x);
  const at = axisOf("unstack", axis, tensor.rank);
  const rest = tensor.shape.filter((_, d) => d !== at);
  return Array.from({ length: tensor.shape[at] as number }, (_, i) =>
    run(() => core.reshape(core.sliceAlong(tensor, at, i, i + 1), rest)),
  );
}
/** The parts along an axis, which they no longer have. */
export const unstack = declared<[x: ArrayLike], [axis: number]>()(
  "jax.lax.unstack",
  { x: arrayLike, axis: int.or(0) },
  ({ x, axis }) => unstacked(x, axis),
);

/** The part at one index along an axis, which stays unless `keepdims` is false. Negative indices count from the end. */
export const index_in_dim = declared<[operand: ArrayLike, index: number], [axis: number, keepdims: boolean]>()(
  "jax.lax.index_in_dim",
  { operand: arrayLike, index: int, axis: int.or(0), keepdims: bool.or(true) },
  ({ operand: given, index, axis, keepdims }) =>
    run(() => {
      const x = computable("index_in_dim", "operand", given);
      const at = axisOf("index_in_dim", axis, x.rank);
      const extent = x.shape[at] as number;
      const place = index < 0 ? index + extent : index;
      if (place < 0 || place >= extent)
        throw new ArgumentError({
          op: "index_in_dim",
          argument: "index",
          expected: `an index into ${extent}`,
          given: `${index}`,
        });
      const part = core.sliceAlong(x, at, place, place + 1);
      return keepdims
        ? part
        : core.reshape(
            part,
            x.shape.filter((_, d) => d !== at),
          );
    }),
);

/** Slice along one axis; negative bounds count from the end, null is the beginning or the end. */
export const slice_in_dim = declared<
  [operand: ArrayLike, start_index: number | null, limit_index: number | null],
  [stride: number, axis: number]
>()(
  "jax.lax.slice_in_dim",
  { operand: arrayLike, start_index: int.orNone, limit_index: int.orNone, stride: int.or(1), axis: int.or(0) },
  ({ operand: given, start_index, limit_index, stride, axis }) =>
    run(() => {
      const fn = "slice_in_dim";
      const x = computable(fn, "operand", given);
      const at = axisOf(fn, axis, x.rank);
      const extent = x.shape[at] as number;
      const bound = (index: number | null, otherwise: number): number =>
        index === null ? otherwise : index < 0 ? index + extent : index;
      const [start, stop] = [bound(start_index, 0), bound(limit_index, extent)];
      if (start < 0 || stop > extent || start > stop || stride < 1)
        throw new ArgumentError({
          op: fn,
          argument: stride < 1 ? "stride" : start < 0 || start > stop ? "start_index" : "limit_index",
          expected: stride < 1 ? "1 or more" : `bounds in ascending order within ${extent}`,
          given: `${stride < 1 ? stride : show([start_index, limit_index])}`,
        });
      const line = (value: number, rest: (extent: number) => number) =>
        x.shape.map((e, d) => (d === at ? value : rest(e)));
      return core.slice(
        x,
        line(start, () => 0),
        line(stop, (e) => e),
        line(stride, () => 1),
      );
    }),
);

/** An array of one value. The dtype follows the value unless it is given. */
export const full = declared<[shape: ShapeInput, fill_value: ArrayLike], [dtype: Dtype | null]>()(
  "jax.lax.full",
  { shape: shapeKind, fill_value: arrayLike, dtype: dtypeKind.or(null), "*": null, sharding: only(null) },
  ({ shape, fill_value, dtype }) => filledWith("full", shape, fill_value, dtype),
);

/** One value in the shape and dtype of an array, unless others are given. */
export const full_like = declared<
  [x: ArrayLike, fill_value: ArrayLike],
  [dtype: Dtype | null, shape: ShapeInput | null]
>()(
  "jax.lax.full_like",
  { x: arrayLike, fill_value: arrayLike, dtype: dtypeKind.or(null), shape: shapeKind.or(null), sharding: only(null) },
  ({ x: given, fill_value, dtype, shape }) => {
    const x = operand("full_like", "x", given);
    return filledWith("full_like", shape ?? x.shape, fill_value, dtype ?? x.dtype);
  },
);

/** An array of zeros: what memory holds otherwise is nobody's business. */
export const empty = declared<[shape: ShapeInput, dtype: Dtype]>()(
  "jax.lax.empty",
  { shape: shapeKind, dtype: dtypeKind, "*": null, out_sharding },
  ({ shape, dtype }) => run(() => core.zeros(shapeOf("empty", shape), checkDtype("empty", dtype))),
);

/** The shape as an array of int32. */
export const shape_as_value = declared<[shape: Ints]>()("jax.lax.shape_as_value", { shape: naturals }, ({ shape }) =>
  run(() => core.fromData(shape, [shape.length], "int32")),
);

/** The dtype by its name. */
export const dtype = declared<[x: ArrayLike]>()(
  "jax.lax.dtype",
  { x: arrayLike },
  ({ x }): Dtype => operand("dtype", "x", x).dtype,
);

const which = new Kind<JaxArray | boolean | number>("an Array of bool or int32", (x) => arrayLike.accepts(x));
/** Elements of the case that `which` names: bool for two cases, int32 for more. It has the shape of the cases, or none. */
export const select_n = declared<[which: ArrayLike, ...cases: ArrayLike[]]>()(
  "jax.lax.select_n",
  { which, "*cases": arrayLike },
  ({ which: given, cases }) =>
    run(() => {
      const fn = "select_n";
      const all = cases as unknown as readonly ArrayLike[];
      const number = typeof given === "number" ? core.full([], given, "int32") : operand(fn, "which", given);
      if (number.dtype !== "int32" && number.dtype !== "bool")
        throw new core.DtypeError({ op: fn, argument: "which", expected: "bool or int32", given: number.dtype });
      if (all.length === 0 || (number.dtype === "bool" && all.length > 2))
        throw new ArgumentError({
          op: fn,
          argument: "cases",
          expected: number.dtype === "bool" ? "one or two" : "one at least",
          given: `${all.length}`,
        });
      const tensors = promoted(fn, Object.fromEntries(all.map((x, i) => [`cases[${i}]`, x])));
      const [first, ...rest] = tensors as [Tensor, ...Tensor[]];
      for (const [i, x] of rest.entries())
        if (`${x.shape}` !== `${first.shape}`)
          throw new ShapeError({
            op: fn,
            argument: `cases[${i + 1}]`,
            expected: formatShape(first.shape),
            given: formatShape(x.shape),
          });
      if (number.rank > 0 && `${number.shape}` !== `${first.shape}`)
        throw new ShapeError({
          op: fn,
          argument: "which",
          expected: `${formatShape(first.shape)} or []`,
          given: formatShape(number.shape),
        });
      const index = converted(number, "int32");
      return rest.reduce((chosen, x, i) => core.where(core.less(index, i + 1), chosen, x), first);
    }),
) as (which: ArrayLike, ...cases: readonly ArrayLike[]) => JaxArray;

/** Products of matrices [..., n, k] and [..., k, m] of one batch. */
export const batch_matmul = declared<[lhs: ArrayLike, rhs: ArrayLike], [precision: string | null]>()(
  "jax.lax.batch_matmul",
  { lhs: arrayLike, rhs: arrayLike, precision: new Kind<string>("a precision", (x) => typeof x === "string").or(null) },
  ({ lhs, rhs }) =>
    run(() => {
      const fn = "batch_matmul";
      const [a, b] = [computable(fn, "lhs", lhs), computable(fn, "rhs", rhs)];
      if (a.rank >= 2 && a.rank === b.rank && `${a.shape.slice(0, -2)}` === `${b.shape.slice(0, -2)}`)
        return core.matmul(a, b);
      throw new ShapeError({
        op: fn,
        argument: "rhs",
        expected: `matrices of the batch of ${formatShape(a.shape)}`,
        given: formatShape(b.shape),
      });
    }),
);

/** A hint that keeps the original's compiler from moving computation across: the tree as it is. */
export const optimization_barrier = declared<[operand: unknown]>()(
  "jax.lax.optimization_barrier",
  { operand: new Kind<unknown>("a tree", () => true, true), "/": null },
  ({ operand }) => operand,
) as <T>(operand: T) => T;

// Joining and splitting.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, only, show } from "@facet/dialect";
import { arrayLike, arrays as arraysKind, dtype as dtypeKind, type Given, ints } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, JaxArray, run } from "../array.js";
import { type Axes, axisOf } from "./axes.js";
import { promoted } from "./ufunc.js";

/** Arrays of one dtype out of a list, or out of the rows of an array. */
function several(fn: string, arrays: JaxArray | readonly ArrayLike[], dtype: Dtype | null): Tensor[] {
  const rows = arrays instanceof JaxArray ? rowsOf(fn, arrays) : arrays;
  if (rows.length === 0)
    throw new ArgumentError({ op: fn, argument: "arrays", expected: "a list of at least one Array", given: "[]" });
  const parts = promoted(fn, Object.fromEntries(rows.map((a, i) => [`arrays[${i}]`, a])));
  return dtype === null ? parts : parts.map((part) => converted(part, checkDtype(fn, dtype)));
}

function rowsOf(fn: string, a: JaxArray): JaxArray[] {
  const x = computable(fn, "arrays", a);
  if (x.rank === 0)
    throw new ShapeError({ op: fn, argument: "arrays", expected: "rank 1 or more", given: formatShape(x.shape) });
  const rest = x.shape.slice(1);
  return Array.from({ length: x.shape[0] as number }, (_, i) =>
    run(() => core.reshape(core.sliceAlong(x, 0, i, i + 1), rest)),
  );
}

/** Arrays along an axis that is there, or laid flat. */
function joined(fn: string, tensors: readonly Tensor[], axis: number | null): Tensor {
  if (axis !== null) return core.concat(tensors, axisOf(fn, axis, (tensors[0] as Tensor).rank));
  return core.concat(
    tensors.map((x) => core.reshape(x, [x.size])),
    0,
  );
}

type Several = JaxArray | readonly ArrayLike[];
const dtype = dtypeKind.or(null);

/** Joins arrays along an axis that is there; `axis: null` lays them flat first. */
export const concatenate: (
  ...args: Given<
    [arrays: Several],
    [axis: number | null, dtype: Dtype | null],
    { arrays: Several; axis: number | null; dtype: Dtype | null }
  >
) => JaxArray = define(
  "jax.numpy.concatenate",
  { arrays: arraysKind, axis: int.orNone.or(0), dtype },
  ({ arrays, axis, dtype }) => run(() => joined("concatenate", several("concatenate", arrays, dtype), axis)),
);

/** Joins arrays of one shape along a new axis. */
export const stack: (
  ...args: Given<
    [arrays: Several],
    [axis: number, out: null, dtype: Dtype | null],
    { arrays: Several; axis: number; out: null; dtype: Dtype | null }
  >
) => JaxArray = define(
  "jax.numpy.stack",
  { arrays: arraysKind, axis: int.or(0), out: only(null), dtype },
  ({ arrays, axis, dtype }) =>
    run(() => {
      const tensors = several("stack", arrays, dtype);
      const [first] = tensors as [Tensor];
      for (const [i, x] of tensors.entries())
        if (`${x.shape}` !== `${first.shape}`)
          throw new ShapeError({
            op: "stack",
            argument: `arrays[${i}]`,
            expected: formatShape(first.shape),
            given: formatShape(x.shape),
          });
      return core.stack(tensors, axisOf("stack", axis, first.rank + 1));
    }),
);

/** Cuts an array into equal parts, or at the given positions, along an axis (default 0). */
export const split: (
  ...args: Given<
    [ary: ArrayLike, indices_or_sections: Axes],
    [axis: number],
    { ary: ArrayLike; indices_or_sections: Axes; axis: number }
  >
) => JaxArray[] = define(
  "jax.numpy.split",
  { ary: arrayLike, indices_or_sections: ints, axis: int.or(0) },
  ({ ary, indices_or_sections, axis }) => parts("split", ary, indices_or_sections, axis),
);

function parts(fn: string, ary: ArrayLike, where: Axes, axis: number): JaxArray[] {
  const x = computable(fn, "ary", ary);
  const at = axisOf(fn, axis, x.rank);
  const cuts = cutsOf(fn, where, x.shape[at] as number);
  return cuts.slice(1).map((stop, i) => run(() => core.sliceAlong(x, at, cuts[i] as number, stop)));
}

/** Positions from 0 to the extent at which parts begin and end. */
function cutsOf(fn: string, indices_or_sections: Axes, extent: number): number[] {
  const refuse = (expected: string): never => {
    throw new ArgumentError({
      op: fn,
      argument: "indices_or_sections",
      expected,
      given: show(indices_or_sections),
    });
  };
  if (typeof indices_or_sections === "number") {
    const parts = indices_or_sections;
    if (fn === "array_split") {
      if (parts < 1 || parts > 65_536) refuse("1 to 65536 parts");
      // The first parts have one more where they do not come out even.
      return Array.from({ length: parts + 1 }, (_, i) => Math.floor(extent / parts) * i + Math.min(i, extent % parts));
    }
    if (parts < 1 || extent % parts !== 0) refuse(`a divisor of ${extent}`);
    return Array.from({ length: parts + 1 }, (_, i) => (i * extent) / parts);
  }
  const cuts = [0, ...indices_or_sections, extent];
  if (cuts.some((cut, i) => cut < (cuts[i - 1] ?? 0))) refuse(`positions from 0 to ${extent}, in order`);
  return cuts;
}

type Stacked = (
  ...args: Given<[tup: Several], [dtype: Dtype | null], { tup: Several; dtype: Dtype | null }>
) => JaxArray;
const stackedAlong = (fn: string, shaped: (x: Tensor) => readonly number[], axis: (rank: number) => number): Stacked =>
  define(`jax.numpy.${fn}`, { tup: arraysKind, dtype }, ({ tup, dtype }) =>
    run(() => {
      const parts = several(fn, tup, dtype).map((x) => core.reshape(x, shaped(x)));
      return core.concat(parts, axis((parts[0] as Tensor).rank));
    }),
  );
/** Vectors end to end, other arrays along their second dimension. */
export const hstack = stackedAlong(
  "hstack",
  (x) => (x.rank === 0 ? [1] : x.shape),
  (rank) => (rank === 1 ? 0 : 1),
);
/** Rows and arrays along their first dimension; vectors are rows. */
export const vstack = stackedAlong(
  "vstack",
  (x) => (x.rank < 2 ? [1, x.size] : x.shape),
  () => 0,
);
/** Arrays along a third dimension, which those of less get. */
export const dstack = stackedAlong(
  "dstack",
  (x) => (x.rank < 2 ? [1, x.size, 1] : x.rank === 2 ? [...x.shape, 1] : x.shape),
  () => 2,
);
/** Columns and matrices along the second dimension; vectors are columns. */
export const column_stack: (...args: Given<[tup: Several], [], { tup: Several }>) => JaxArray = define(
  "jax.numpy.column_stack",
  { tup: arraysKind },
  ({ tup }) =>
    run(() => {
      const parts = several("column_stack", tup, null);
      return core.concat(
        parts.map((x) => (x.rank < 2 ? core.reshape(x, [x.size, 1]) : x)),
        1,
      );
    }),
);

/** Joins arrays along an axis that is there. */
export const concat: (arrays: Several, options?: { axis?: number | null }) => JaxArray = define(
  "jax.numpy.concat",
  { arrays: arraysKind, "/": null, "*": null, axis: int.orNone.or(0) },
  ({ arrays, axis }) => run(() => joined("concat", several("concat", arrays, null), axis)),
);

/** An array with values behind it, along an axis, or both laid flat. */
export const append: (
  ...args: Given<
    [arr: ArrayLike, values: ArrayLike],
    [axis: number | null],
    { arr: ArrayLike; values: ArrayLike; axis: number | null }
  >
) => JaxArray = define(
  "jax.numpy.append",
  { arr: arrayLike, values: arrayLike, axis: int.or(null) },
  ({ arr, values, axis }) => run(() => joined("append", promoted("append", { arr, values }), axis)),
);

interface SplitNamed {
  ary: ArrayLike;
  indices_or_sections: Axes;
}
/** Cuts an array into parts that differ by one at most, or at the given positions, along an axis (default 0). */
export const array_split: (
  ...args: Given<[ary: ArrayLike, indices_or_sections: Axes], [axis: number], SplitNamed & { axis: number }>
) => JaxArray[] = define(
  "jax.numpy.array_split",
  { ary: arrayLike, indices_or_sections: ints, axis: int.or(0) },
  ({ ary, indices_or_sections, axis }) => parts("array_split", ary, indices_or_sections, axis),
);
const splitAlong = (
  fn: string,
  axis: (rank: number) => number,
): ((...args: Given<[ary: ArrayLike, indices_or_sections: Axes], [], SplitNamed>) => JaxArray[]) =>
  define(`jax.numpy.${fn}`, { ary: arrayLike, indices_or_sections: ints }, ({ ary, indices_or_sections }) =>
    parts(fn, ary, indices_or_sections, axis(computable(fn, "ary", ary).rank)),
  );
/** split along the second dimension, of vectors along their only one. */
export const hsplit = splitAlong("hsplit", (rank) => (rank === 1 ? 0 : 1));
/** split along the first dimension. */
export const vsplit = splitAlong("vsplit", () => 0);
/** split along the third dimension. */
export const dsplit = splitAlong("dsplit", () => 2);

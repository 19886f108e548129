// Joining and splitting.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, only, show } from "@facet/dialect";
import { arrayLike, arrays as arraysKind, dtype as dtypeKind, type Given, ints } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, JaxArray, run } from "../array.js";
import { type Axes, axisOf } from "./axes.js";
import { promoted } from "./elementwise.js";

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
  ({ arrays, axis, dtype }) =>
    run(() => {
      const tensors = several("concatenate", arrays, dtype);
      if (axis === null)
        return core.concat(
          tensors.map((x) => core.reshape(x, [x.size])),
          0,
        );
      return core.concat(tensors, axisOf("concatenate", axis, (tensors[0] as Tensor).rank));
    }),
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
  ({ ary, indices_or_sections, axis }) => {
    const x = computable("split", "ary", ary);
    const at = axisOf("split", axis, x.rank);
    const cuts = cutsOf(indices_or_sections, x.shape[at] as number);
    return cuts.slice(1).map((stop, i) => run(() => core.sliceAlong(x, at, cuts[i] as number, stop)));
  },
);

/** Positions from 0 to the extent at which parts begin and end. */
function cutsOf(indices_or_sections: Axes, extent: number): number[] {
  const refuse = (expected: string): never => {
    throw new ArgumentError({
      op: "split",
      argument: "indices_or_sections",
      expected,
      given: show(indices_or_sections),
    });
  };
  if (typeof indices_or_sections === "number") {
    const parts = indices_or_sections;
    if (parts < 1 || extent % parts !== 0) refuse(`a divisor of ${extent}`);
    return Array.from({ length: parts + 1 }, (_, i) => (i * extent) / parts);
  }
  const cuts = [0, ...indices_or_sections, extent];
  if (cuts.some((cut, i) => cut < (cuts[i - 1] ?? 0))) refuse(`positions from 0 to ${extent}, in order`);
  return cuts;
}

// keras.ops: the same elements in another arrangement.
import * as core from "@facet/autograd";
import { type Args, int, Kind, listOf, number, oneOf } from "@facet/dialect";
import { arrayOrPlaceholder, axes, intOrInts, positive, wholeNumber } from "../kinds.js";
import { defineOp } from "../operation.js";
import { type KerasTensor, Tensor, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import {
  type Axis,
  arrays,
  axesOf,
  axisOf,
  type BinaryOp,
  kept,
  type ListOp,
  lineOf,
  type ManyOp,
  type Op,
  together,
} from "./define.js";
import { reshaped, reshapeSpec, transposed } from "./shapes.js";
import { type Ints as HostInts, hostInts, intsKind } from "./whole.js";

type Ints = number | readonly number[];

/** An op of one array and the arguments of `rules`. */
const of = defineOp;

/** The same elements in another shape; one extent may be -1. */
export const reshape: Op<Args<[newshape: Ints], { newshape: Ints }>> = of(
  "keras.ops.reshape",
  { x: arrayOrPlaceholder, newshape: intOrInts },
  {
    compute: ({ x, newshape }) => reshaped(x as TensorLike, newshape),
    spec: ({ x, newshape }) => reshapeSpec(x, newshape),
  },
);
/** All elements in one line. */
export const ravel: Op = of(
  "keras.ops.ravel",
  { x: arrayOrPlaceholder },
  { compute: ({ x }) => reshaped(x as TensorLike, -1) },
);

type AxesArgument = readonly number[] | null;
/** Dimensions in the order of `axes`; default reversed. */
export const transpose: Op<Args<[axes: AxesArgument], { axes: AxesArgument }>> = of(
  "keras.ops.transpose",
  { x: arrayOrPlaceholder, axes: listOf(int).or(null) },
  { compute: ({ x, axes: order }) => transposed(x as TensorLike, order) },
);
/** Two dimensions exchanged. */
export const swapaxes: Op<Args<[axis1: number, axis2: number], { axis1: number; axis2: number }>> = of(
  "keras.ops.swapaxes",
  { x: arrayOrPlaceholder, axis1: int, axis2: int },
  {
    compute: ({ x, axis1, axis2 }) => {
      const given = kept(x, "swapaxes");
      const [a, b] = [axisOf("swapaxes", axis1, given.rank, "axis1"), axisOf("swapaxes", axis2, given.rank, "axis2")];
      return new Tensor(
        core.transpose(
          given,
          given.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
        ),
      );
    },
  },
);
/** Dimensions `source` brought to the places `destination`, the others in their order. */
export const moveaxis: Op<Args<[source: Ints, destination: Ints], { source: Ints; destination: Ints }>> = of(
  "keras.ops.moveaxis",
  { x: arrayOrPlaceholder, source: intOrInts, destination: intOrInts },
  {
    compute: ({ x, source, destination }) => {
      const given = kept(x, "moveaxis");
      const from = axesOf("moveaxis", source as Ints, given.rank, "source");
      const to = axesOf("moveaxis", destination as Ints, given.rank, "destination");
      if (from.length !== to.length) {
        const expected = `${from.length} axes, as in source`;
        throw new core.ArgumentError({ op: "moveaxis", argument: "destination", expected, given: `${to.length}` });
      }
      const rest = given.shape.map((_, i) => i).filter((i) => !from.includes(i));
      return new Tensor(
        core.transpose(
          given,
          given.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)] : rest.shift()) as number),
        ),
      );
    },
  },
);

type AxisRest = Args<[axis: Axis], { axis: Axis }>;
/** New dimensions of extent 1 at these places of the result. */
export const expand_dims: Op<Args<[axis: Ints], { axis: Ints }>> = of(
  "keras.ops.expand_dims",
  { x: arrayOrPlaceholder, axis: intOrInts },
  {
    compute: ({ x, axis }) => {
      const given = kept(x, "expand_dims");
      const listed = typeof axis === "number" ? [axis] : axis;
      const at = axesOf("expand_dims", listed, given.rank + listed.length);
      const rest = [...given.shape];
      const shape = Array.from({ length: given.rank + at.length }, (_, i) =>
        at.includes(i) ? 1 : (rest.shift() as number),
      );
      return new Tensor(core.reshape(given, shape));
    },
  },
);
const squeezedShape = (shape: readonly (number | null)[], axis: Axis): (number | null)[] => {
  if (axis === null) return shape.filter((extent) => extent !== 1);
  const gone = axesOf("squeeze", axis, shape.length);
  const wrong = gone.find((i) => shape[i] !== 1 && shape[i] !== null);
  if (wrong === undefined) return shape.filter((_, i) => !gone.includes(i));
  throw new core.ArgumentError({
    op: "squeeze",
    argument: "axis",
    expected: "axes of extent 1",
    given: `axis ${wrong} of extent ${shape[wrong]}`,
  });
};
/** Without dimensions of extent 1: those of `axis`, default all. */
export const squeeze: Op<AxisRest> = of(
  "keras.ops.squeeze",
  { x: arrayOrPlaceholder, axis: axes.or(null) },
  {
    compute: ({ x, axis }) => {
      const given = kept(x, "squeeze");
      return new Tensor(core.reshape(given, squeezedShape(given.shape, axis as Axis) as number[]));
    },
    spec: ({ x, axis }) => ({
      shape: squeezedShape((x as KerasTensor).shape, axis as Axis),
      dtype: (x as KerasTensor).dtype,
    }),
  },
);
/** The array repeated to a shape, as arithmetic would. */
export const broadcast_to: Op<Args<[shape: readonly number[]], { shape: readonly number[] }>> = of(
  "keras.ops.broadcast_to",
  { x: arrayOrPlaceholder, shape: listOf(wholeNumber) },
  { compute: ({ x, shape }) => new Tensor(core.expand(kept(x, "broadcast_to"), shape)) },
);
/** Backwards along `axis` (default all). */
export const flip: Op<AxisRest> = of(
  "keras.ops.flip",
  { x: arrayOrPlaceholder, axis: axes.or(null) },
  {
    compute: ({ x, axis }) => {
      const given = kept(x, "flip");
      return new Tensor(core.flip(given, axesOf("flip", axis as Axis, given.rank)));
    },
  },
);
const flipped = (name: string, axis: number): Op =>
  of(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder },
    {
      compute: ({ x }) => {
        const given = kept(x, name);
        return new Tensor(core.flip(given, [axisOf(name, axis, given.rank, "x")]));
      },
    },
  );
/** Backwards along the second dimension. */
export const fliplr = flipped("fliplr", 1);
/** Backwards along the first dimension. */
export const flipud = flipped("flipud", 0);
/** Moved by `shift` along `axis`, what leaves at one end coming back at the other; without an axis in one line. */
export const roll: Op<Args<[shift: Ints, axis: Axis], { shift: Ints; axis: Axis }>> = of(
  "keras.ops.roll",
  { x: arrayOrPlaceholder, shift: intOrInts, axis: axes.or(null) },
  {
    compute: ({ x, shift, axis }) =>
      new Tensor(core.roll(kept(x, "roll"), shift as Ints, axis === null ? undefined : (axis as Ints))),
  },
);
/** Turned by 90 degrees `k` times in the plane of two axes. */
export const rot90: {
  (
    array: KerasTensor,
    ...rest: Args<[k: number, axes: readonly number[]], { k: number; axes: readonly number[] }>
  ): KerasTensor;
  (
    array: TensorLike,
    ...rest: Args<[k: number, axes: readonly number[]], { k: number; axes: readonly number[] }>
  ): Tensor;
} = of(
  "keras.ops.rot90",
  { array: arrayOrPlaceholder, k: int.or(1), axes: listOf(int, 2).or([0, 1]) },
  {
    compute: ({ array: given, k, axes: plane }) => {
      const x = kept(given, "rot90");
      const [a, b] = axesOf("rot90", plane as number[], x.rank, "axes") as [number, number];
      return new Tensor(core.rot90(x, k, [a, b]));
    },
  },
);
/** The array so many times along each dimension. */
export const tile: Op<Args<[repeats: Ints], { repeats: Ints }>> = of(
  "keras.ops.tile",
  { x: arrayOrPlaceholder, repeats: intOrInts },
  {
    compute: ({ x, repeats }) => {
      const given = kept(x, "tile");
      const listed = typeof repeats === "number" ? [repeats] : [...repeats];
      const rank = Math.max(given.rank, listed.length);
      const padded = [...Array<number>(rank - listed.length).fill(1), ...listed];
      const whole = core.reshape(given, [...Array<number>(rank - given.rank).fill(1), ...given.shape]);
      return new Tensor(core.tile(whole, padded));
    },
  },
);
/** Each element `repeats` times along `axis`; without one, in one line. A list says how often each. */
export const repeat: Op<Args<[repeats: HostInts, axis: number | null], { repeats: HostInts; axis: number | null }>> =
  of(
    "keras.ops.repeat",
    { x: arrayOrPlaceholder, repeats: intsKind, axis: int.or(null) },
    {
      compute: ({ x, repeats, axis }) => {
        const [line, at] = lineOf("repeat", kept(x, "repeat"), axis);
        const listed = [hostInts("repeat", "repeats", repeats as HostInts)].flat() as number[];
        if (listed.length === 1) return new Tensor(core.repeatElements(line, listed[0] as number, { axis: at }));
        if (listed.length !== line.shape[at]) {
          const expected = `a number or ${line.shape[at]} of them`;
          throw new core.ArgumentError({ op: "repeat", argument: "repeats", expected, given: `${listed.length}` });
        }
        const order = listed.flatMap((count, i) => Array<number>(count).fill(i));
        return new Tensor(
          core.take(line, core.fromData(Int32Array.from(order), [order.length], "int32"), { axis: at }),
        );
      },
    },
  );

/** Arrays one after another along `axis`, promoted to one dtype. */
export const concatenate: ManyOp<Args<[axis: number], { axis: number }>> = of(
  "keras.ops.concatenate",
  { xs: arrays, axis: int.or(0) },
  { compute: ({ xs, axis }) => new Tensor(joined("concatenate", xs, axis)) },
);
const partsOf = (xs: unknown): readonly unknown[] => {
  if (!(xs instanceof Tensor)) return xs as readonly unknown[];
  return Array.from({ length: xs.shape[0] ?? 0 }, (_, i) => {
    const row = core.sliceAlong(xs.core, 0, i, i + 1);
    return new Tensor(core.reshape(row, row.shape.slice(1)));
  });
};
const joined = (op: string, xs: unknown, axis: number): core.Tensor => {
  const parts = together(partsOf(xs), op);
  return core.concat(parts, axisOf(op, axis, (parts[0] as core.Tensor).rank));
};
/** Arrays of one shape along a new `axis`. */
export const stack: ManyOp<Args<[axis: number], { axis: number }>> = of(
  "keras.ops.stack",
  { x: arrays, axis: int.or(0) },
  {
    compute: ({ x, axis }) => {
      const parts = together(partsOf(x), "stack");
      return new Tensor(core.stack(parts, axisOf("stack", axis, (parts[0] as core.Tensor).rank + 1)));
    },
  },
);
const stackedAlong = (name: string, axis: (rank: number) => number, least: (x: core.Tensor) => core.Tensor): ManyOp =>
  of(
    `keras.ops.${name}`,
    { xs: arrays },
    {
      compute: ({ xs }) => {
        const parts = together(partsOf(xs), name).map(least);
        return new Tensor(core.concat(parts, axis((parts[0] as core.Tensor).rank)));
      },
    },
  );
const atLeast1d = (x: core.Tensor): core.Tensor => (x.rank === 0 ? core.reshape(x, [1]) : x);
const atLeast2d = (x: core.Tensor): core.Tensor => (x.rank < 2 ? core.reshape(x, [1, x.size]) : x);
const atLeast3d = (x: core.Tensor): core.Tensor =>
  x.rank < 2 ? core.reshape(x, [1, x.size, 1]) : x.rank === 2 ? core.reshape(x, [...x.shape, 1]) : x;
/** Side by side: along the second dimension, of vectors the first. */
export const hstack = stackedAlong("hstack", (rank) => (rank === 1 ? 0 : 1), atLeast1d);
/** One below the other: vectors are rows. */
export const vstack = stackedAlong("vstack", () => 0, atLeast2d);
/** Along the third dimension. */
export const dstack = stackedAlong("dstack", () => 2, atLeast3d);
/** x2 behind x1 along `axis`; without one, both in one line. */
export const append: BinaryOp<Args<[axis: number | null], { axis: number | null }>> = of(
  "keras.ops.append",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, axis: int.or(null) },
  {
    compute: ({ x1, x2, axis }) => {
      const parts = together([x1, x2], "append");
      if (axis === null)
        return new Tensor(
          core.concat(
            parts.map((x) => core.reshape(x, [x.size])),
            0,
          ),
        );
      return new Tensor(core.concat(parts, axisOf("append", axis, (parts[0] as core.Tensor).rank)));
    },
  },
);

/** Parts of an axis: so many, or between these places. `even` says that parts must have one length. */
function partsAlong(op: string, x: core.Tensor, given: HostInts, axis: number, even: boolean): Tensor[] {
  const by = hostInts(op, "indices_or_sections", given);
  const at = axisOf(op, axis, x.rank);
  const extent = x.shape[at] as number;
  let places: number[];
  if (typeof by === "number") {
    if (by < 1 || (even && extent % by !== 0)) {
      const expected = even ? `a divisor of the extent ${extent}` : "at least 1";
      throw new core.ArgumentError({ op, argument: "indices_or_sections", expected, given: `${by}` });
    }
    const [least, more] = [Math.floor(extent / by), extent % by];
    places = Array.from({ length: by + 1 }, (_, i) => i * least + Math.min(i, more));
  } else {
    const inside = (place: number): number => Math.min(extent, Math.max(0, place < 0 ? place + extent : place));
    places = [0, ...by.map(inside), extent];
  }
  return places.slice(1).map((stop, i) => {
    const start = places[i] as number;
    return new Tensor(core.sliceAlong(x, at, start, Math.max(start, stop)));
  });
}
type SplitArguments = { indices_or_sections: HostInts; axis: number };
type SplitOp = ListOp<Args<[indices_or_sections: HostInts, axis: number], SplitArguments>>;
const splitOp = (name: string, even: boolean): SplitOp =>
  of(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, indices_or_sections: intsKind, axis: int.or(0) },
    {
      compute: ({ x, indices_or_sections, axis }) =>
        partsAlong(name, kept(x, name), indices_or_sections as HostInts, axis, even),
    },
  );
/** Parts of one length along `axis`, or those between the places that a list has. */
export const split = splitOp("split", true);
/** As split; parts may differ by one. */
export const array_split = splitOp("array_split", false);
const splitAlong = (
  name: string,
  axis: (rank: number) => number,
): ListOp<Args<[indices_or_sections: HostInts], { indices_or_sections: HostInts }>> =>
  of(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, indices_or_sections: intsKind },
    {
      compute: ({ x, indices_or_sections }) => {
        const given = kept(x, name);
        return partsAlong(name, given, indices_or_sections as HostInts, axis(given.rank), true);
      },
    },
  );
/** split along the second dimension, of vectors the first. */
export const hsplit = splitAlong("hsplit", (rank) => (rank === 1 ? 0 : 1));
/** split along the first dimension. */
export const vsplit = splitAlong("vsplit", () => 0);
/** split along the third dimension. */
export const dsplit = splitAlong("dsplit", () => 2);
type UnstackArguments = { num: number | null; axis: number };
/** The parts of extent 1 along `axis`, without it. `num` may say how many there are. */
export const unstack: ListOp<Args<[num: number | null, axis: number], UnstackArguments>> = of(
  "keras.ops.unstack",
  { x: arrayOrPlaceholder, num: positive.or(null), axis: int.or(0) },
  {
    compute: ({ x, num, axis }) => {
      const given = kept(x, "unstack");
      const at = axisOf("unstack", axis, given.rank);
      const count = given.shape[at] as number;
      if (num !== null && num !== count)
        throw new core.ArgumentError({ op: "unstack", argument: "num", expected: `${count}`, given: `${num}` });
      const shape = given.shape.filter((_, i) => i !== at);
      return Array.from(
        { length: count },
        (_, i) => new Tensor(core.reshape(core.sliceAlong(given, at, i, i + 1), shape)),
      );
    },
  },
);

const pairs = new Kind<Ints | readonly Ints[]>(
  "a number, or numbers before and after each dimension",
  (value) => intOrInts.accepts(value) || (Array.isArray(value) && value.every(intOrInts.accepts)),
);
type PadMode = "constant" | "reflect" | "symmetric";
type PadArguments = { pad_width: Ints | readonly Ints[]; mode: PadMode; constant_values: number | null };
/** More elements before and after each dimension: zeros, another number, or the array's own, mirrored. */
export const pad: Op<
  Args<[pad_width: Ints | readonly Ints[], mode: PadMode, constant_values: number | null], PadArguments>
> = of(
  "keras.ops.pad",
  {
    x: arrayOrPlaceholder,
    pad_width: pairs,
    mode: oneOf("constant", "reflect", "symmetric").or("constant"),
    constant_values: number.or(null),
  },
  {
    compute: ({ x, pad_width, mode, constant_values }) => {
      const given = kept(x, "pad");
      const wide = padPairs(pad_width as Ints | readonly Ints[], given.rank);
      if (mode === "constant") return new Tensor(core.pad(given, wide, constant_values ?? 0));
      if (constant_values !== null) {
        const expected = 'null but for mode "constant"';
        throw new core.ArgumentError({ op: "pad", argument: "constant_values", expected, given: `${constant_values}` });
      }
      return new Tensor(core.padWith(given, wide, mode as "reflect"));
    },
  },
);
function padPairs(width: Ints | readonly Ints[], rank: number): [number, number][] {
  const both = (each: Ints): [number, number] =>
    typeof each === "number" ? [each, each] : [each[0] as number, (each[1] ?? each[0]) as number];
  const single = typeof width === "number" || (width.length <= 2 && typeof width[0] === "number");
  const listed = single ? [both(width as Ints)] : (width as readonly Ints[]).map(both);
  const all = listed.length === 1 ? Array.from({ length: rank }, () => listed[0] as [number, number]) : listed;
  if (all.length === rank && all.flat().every((each) => each >= 0)) return all;
  throw new core.ArgumentError({
    op: "pad",
    argument: "pad_width",
    expected: `numbers of at least 0 for ${rank} dimensions`,
    given: JSON.stringify(width),
  });
}

type Triangle = Op<Args<[k: number], { k: number }>>;
const ofPlanes = (name: string, f: (x: core.Tensor, k: number) => core.Tensor): Triangle =>
  of(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, k: int.or(0) },
    { compute: ({ x, k }) => new Tensor(f(kept(x, name), k)) },
  );
/** The k-th diagonal and what is below it, else 0. */
export const tril = ofPlanes("tril", core.tril);
/** The k-th diagonal and what is above it, else 0. */
export const triu = ofPlanes("triu", core.triu);
/** The k-th diagonal of a matrix, or a matrix with a vector there. */
export const diag = ofPlanes("diag", core.diag);
/** A matrix with all elements on its k-th diagonal. */
export const diagflat = ofPlanes("diagflat", (x, k) => core.diag(core.reshape(x, [x.size]), k));
type DiagonalArguments = { offset: number; axis1: number; axis2: number };
type DiagonalOp = Op<Args<[offset: number, axis1: number, axis2: number], DiagonalArguments>>;
const diagonalOp = (name: string, f: typeof core.diagonal): DiagonalOp =>
  of(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, offset: int.or(0), axis1: int.or(0), axis2: int.or(1) },
    { compute: ({ x, ...options }) => new Tensor(f(kept(x, name), options)) },
  );
/** Elements on a diagonal of two dimensions, along a last one. */
export const diagonal = diagonalOp("diagonal", core.diagonal);
/** Their sum. */
export const trace = diagonalOp("trace", (x, options) =>
  core.trace(x.dtype === "bool" ? core.cast(x, "int32") : x, options),
);

/** Grids of coordinates: for each vector an array that has it along its axis, the first two swapped in "xy". */
export const meshgrid: {
  (...x: TensorLike[] | [...TensorLike[], { indexing: "xy" | "ij" }]): Tensor[];
  (...x: Operand[] | [...Operand[], { indexing: "xy" | "ij" }]): KerasTensor[];
} = of(
  "keras.ops.meshgrid",
  { "*x": arrayOrPlaceholder, indexing: oneOf("xy", "ij").or("xy") },
  {
    compute: ({ x, indexing }) => {
      const vectors = ((x ?? []) as unknown as readonly unknown[]).map((each) => kept(each, "meshgrid"));
      const lines = vectors.map((each) => core.reshape(each, [each.size]));
      return core.meshgrid(lines, indexing as "xy").map((each) => new Tensor(each));
    },
  },
);

// Elements moved, repeated and laid out in other shapes. What they give is a copy.
import * as core from "@facet/autograd";
import { type Args, define, int, oneOf, oneOrMore, overloads, type Rules, signature } from "@facet/dialect";
import { copyOf } from "../convert.js";
import { complain, dimension, dimensions } from "../errors.js";
import { dims, each, ints, native, tensor, tensors } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import { requireBroadcast } from "./operands.js";
import { integers } from "./scattering.js";
import { expanded } from "./shape.js";

type One = number | readonly number[];
const list = (given: One): readonly number[] => (typeof given === "number" ? [given] : given);

/** Throws unless the input has so many dimensions, in PyTorch's words. */
export function requireRank(op: string, input: Tensor, rank: number, sentence: string): void {
  if (input.rank < rank)
    complain(core.ShapeError, sentence, {
      op,
      argument: "input",
      expected: `rank ${rank} or more`,
      given: sizeText(input.shape),
    });
}

export interface RollArguments {
  /** Places, one for each dimension. */
  shifts: One;
  /** Default: the flattened tensor. */
  dims: One;
}
/** Elements moved along dimensions; those that fall off the end come in at the beginning. */
export const roll: (input: Tensor, ...args: Args<[shifts: One, dims: One], RollArguments>) => Tensor = native(
  "roll",
  { input: tensor, shifts: dims, dims: dims.or([]) },
  ({ input, shifts, dims }) => {
    const [by, along] = [list(shifts), list(dims)];
    if (by.length === 0)
      complain(core.ArgumentError, "`shifts` required", {
        op: "roll",
        argument: "shifts",
        expected: "one or more",
        given: "none",
      });
    if (along.length === 0 && by.length === 1) {
      return core.scope(() => wrap(core.roll(core.reshape(input.core, input.shape), by[0] as number)));
    }
    if (by.length !== along.length)
      complain(core.ArgumentError, `shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`, {
        op: "roll",
        argument: "dims",
        expected: `${by.length} dimensions`,
        given: `${along.length}`,
      });
    requireRank("roll", input, 1, `Dimension specified as ${along[0]} but tensor has no dimensions`);
    const axes = along.map((dim) => dimension("roll", dim, input.rank));
    return core.scope(() => wrap(core.roll(core.reshape(input.core, input.shape), by, axes)));
  },
);

/** Turned by k quarters in the plane of two dimensions. */
export const rot90: (
  input: Tensor,
  ...args: Args<[k: number, dims: readonly number[]], { k: number; dims: readonly number[] }>
) => Tensor = native("rot90", { input: tensor, k: int.or(1), dims: ints.or([0, 1]) }, ({ input, k, dims }) => {
  const wrong = (sentence: string, argument: string, expected: string): never =>
    complain(core.ArgumentError, sentence, { op: "rot90", argument, expected, given: sizeText(dims) });
  if (dims.length !== 2)
    wrong(`expected total rotation dims == 2, but got dims = ${dims.length}`, "dims", "two dimensions");
  requireRank("rot90", input, 2, `expected total dims >= 2, but got total dims = ${input.rank}`);
  const axes = dims.map((dim) => dimension("rot90", dim, input.rank, "dims")) as [number, number];
  if (axes[0] === axes[1]) wrong("expected rotation dims to be different", "dims", "two different dimensions");
  return core.scope(() => wrap(core.rot90(core.reshape(input.core, input.shape), k, axes)));
});

const flipped = (name: string, axis: number, rank: number): ((input: Tensor) => Tensor) =>
  native(name, { input: tensor }, ({ input }) => {
    requireRank(name, input, rank, `Input must be >= ${rank}-d.`);
    return wrap(core.flip(input.core, [axis]));
  });
/** Columns in reverse order. */
export const fliplr = flipped("fliplr", 1, 2);
/** Rows in reverse order. */
export const flipud = flipped("flipud", 0, 1);

/** The tensor beside itself so often along each dimension; fewer numbers are for the last ones. */
export const tiled = (input: Tensor, times: readonly number[]): Tensor => {
  const wrong = times.find((count) => count < 0);
  if (wrong !== undefined)
    complain(core.ShapeError, `Trying to create tensor with negative dimension ${wrong}`, {
      op: "tile",
      argument: "dims",
      expected: "numbers of 0 or more",
      given: sizeText(times),
    });
  return core.scope(() => wrap(core.tile(core.reshape(input.core, input.shape), times)));
};
export const tile: (input: Tensor, ...args: Args<[dims: readonly number[]], { dims: readonly number[] }>) => Tensor =
  native("tile", { input: tensor, dims: ints }, ({ input, dims }) => tiled(input, dims));

export interface RepeatInterleaveArguments {
  /** How often each element stands; of a tensor each its own number of times. */
  repeats: number | Tensor;
  /** Default null: the flattened tensor. */
  dim: number | null;
  /** What the repeats of a tensor come to: without it the sum is read, and the result is a promise. */
  output_size: number | null;
}
type RepeatArgs = Args<[repeats: number | Tensor, dim: number | null], RepeatInterleaveArguments>;
const readRepeat = overloads(
  "torch.repeat_interleave",
  { input: tensor, repeats: tensor.either(int), dim: int.or(null), "*": null, output_size: int.or(null) },
  { repeats: tensor, "*": null, output_size: int.or(null) },
);
export function repeated(
  op: string,
  input: Tensor,
  { repeats, dim, output_size }: RepeatInterleaveArguments,
): Tensor | Promise<Tensor> {
  const axis = dim === null ? undefined : dimension(op, dim, input.rank);
  const line = (): core.Tensor =>
    input.rank === 0 || axis === undefined
      ? core.reshape(input.core, [input.core.size])
      : core.reshape(input.core, input.shape);
  if (typeof repeats === "number") {
    if (repeats < 0)
      complain(core.ArgumentError, "Repeats must be non-negative", {
        op,
        argument: "repeats",
        expected: "0 or more",
        given: `${repeats}`,
      });
    return core.scope(() => wrap(core.repeatElements(line(), repeats, { axis: axis ?? 0 })));
  }
  const counts = integers(op, "repeats", repeats);
  const options = { axis: axis ?? 0 };
  if (output_size !== null)
    return core.scope(() => wrap(core.repeatElements(line(), counts, { ...options, total: output_size })));
  return (async () => {
    const own = core.keep(core.scope(line));
    try {
      return wrap(await core.repeatElementsByCounts(own, counts, options));
    } finally {
      own.dispose();
    }
  })();
}
/** Every element so often in a row. Repeats of a tensor alone: its positions. With repeats of a tensor a promise. */
export const repeat_interleave = (input: Tensor, ...args: RepeatArgs): Tensor | Promise<Tensor> => {
  const { form, values } = readRepeat([input, ...args]);
  if (form === "0") return repeated("repeat_interleave", values.input, values);
  const places = wrap(core.arange(0, values.repeats.core.size, 1, "int32"));
  return repeated("repeat_interleave", places, { ...values, dim: 0 });
};

export interface MoveArguments {
  source: One;
  destination: One;
}
/** Dimensions moved to other places; the others stay in their order. */
export const movedim: (input: Tensor, ...args: Args<[source: One, destination: One], MoveArguments>) => Tensor = native(
  "movedim",
  { input: tensor, source: dims, destination: dims },
  ({ input, source, destination }) => {
    const [from, to] = [source, destination].map((given) => dimensions("movedim", given, input.rank)) as [
      number[],
      number[],
    ];
    if (from.length !== to.length)
      complain(
        core.ArgumentError,
        `movedim: Invalid source or destination dims: source (${sizeText(from)} dims) should contain the same number of dims as destination (${sizeText(to)} dims)`,
        {
          op: "movedim",
          argument: "destination",
          expected: `${from.length} dimensions`,
          given: `${to.length}`,
        },
      );
    if (input.rank === 0) return wrap(core.reshape(input.core, []));
    const rest = [...input.shape.keys()].filter((d) => !from.includes(d));
    const order = input.shape.map((_, d) =>
      to.includes(d) ? (from[to.indexOf(d)] as number) : (rest.shift() as number),
    );
    return viewed(input, (x) => core.transpose(x, order));
  },
);

type Swap<A extends string, B extends string> = (
  input: Tensor,
  ...args: Args<[a: number, b: number], { readonly [K in A | B]: number }>
) => Tensor;
function exchanged<A extends string, B extends string>(name: string, a: A, b: B): Swap<A, B> {
  return native(name, { input: tensor, [a]: int, [b]: int } as Rules, (given) => {
    const { input, ...places } = given as { input: Tensor } & Readonly<Record<string, number>>;
    const axisOf = (key: string): number => dimension(name, places[key] as number, input.rank, key);
    const [x, y] = [axisOf(a), axisOf(b)];
    if (input.rank === 0) return wrap(core.reshape(input.core, []));
    const order = input.shape.map((_, i) => (i === x ? y : i === y ? x : i));
    return viewed(input, (own) => core.transpose(own, order));
  });
}
/** Two dimensions exchanged. */
export const swapaxes = exchanged("swapaxes", "axis0", "axis1");
export const swapdims = exchanged("swapdims", "dim0", "dim1");

/** One dimension as several; one extent may be -1. */
export const unflatten: (
  input: Tensor,
  ...args: Args<[dim: number, sizes: readonly number[]], { dim: number; sizes: readonly number[] }>
) => Tensor = native("unflatten", { input: tensor, dim: int, sizes: ints }, ({ input, dim, sizes }) => {
  const axis = dimension("unflatten", dim, input.rank);
  const extent = input.shape[axis] ?? 1;
  const wrong = (sentence: string): never =>
    complain(core.ShapeError, sentence, {
      op: "unflatten",
      argument: "sizes",
      expected: `extents whose product is ${extent}`,
      given: sizeText(sizes),
    });
  if (sizes.length === 0) wrong("unflatten: sizes must be non-empty");
  const known = core.sizeOf(sizes.filter((size) => size !== -1));
  const open = sizes.filter((size) => size === -1).length;
  const fits = open === 0 ? known === extent : open === 1 && known !== 0 && extent % known === 0;
  if (!fits || sizes.some((size) => size < -1))
    wrong(
      `unflatten: Provided sizes ${sizeText(sizes)} don't multiply up to the size of dim ${dim} (${extent}) in the input tensor`,
    );
  const own = sizes.map((size) => (size === -1 ? extent / known : size));
  const shape = [...input.shape.slice(0, axis), ...own, ...input.shape.slice(axis + 1)];
  return viewed(input, (x) => core.reshape(x, shape));
});
/** All elements in one dimension. */
export const ravel: (input: Tensor) => Tensor = native("ravel", { input: tensor }, ({ input }) =>
  viewed(input, (x) => core.reshape(x, [x.size])),
);
/** Two last dimensions exchanged: there are no complex numbers. */
export const adjoint: (input: Tensor) => Tensor = native("adjoint", { input: tensor }, ({ input }) => {
  requireRank(
    "adjoint",
    input,
    2,
    `tensor.adjoint() is only supported on matrices or batches of matrices. Got ${input.rank}-D tensor.`,
  );
  const order = [...input.shape.keys()];
  return viewed(input, (x) => core.transpose(x, [...order.slice(0, -2), order.length - 1, order.length - 2]));
});

/** Dimensions of extent 1 repeated up to a shape. */
export const broadcast_to: (
  input: Tensor,
  ...args: Args<[size: readonly number[]], { size: readonly number[] }>
) => Tensor = native("broadcast_to", { input: tensor, size: ints }, ({ input, size }) => expanded(input, size));

const readTensors = define(
  "torch.broadcast_tensors",
  { "*tensors": each(tensor) },
  ({ tensors }) => tensors as readonly Tensor[],
);
/** Tensors repeated to the shape that they have in common. */
export const broadcast_tensors = (...tensors: readonly Tensor[]): Tensor[] => {
  const given = readTensors(...tensors);
  for (const [i, a] of given.entries())
    for (const b of given.slice(i + 1)) requireBroadcast("broadcast_tensors", a.shape, b.shape);
  const rank = Math.max(0, ...given.map((x) => x.rank));
  const shape = Array.from({ length: rank }, (_, d) => {
    const extents = given.map((x) => x.shape[d - rank + x.rank] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
  return given.map((x) =>
    viewed(x, (own) => (`${shape}` === `${own.shape}` ? core.reshape(own, shape) : core.expand(own, shape))),
  );
};

const indexing = oneOf("ij", "xy").or(null);
const readMeshgrid = signature("torch.meshgrid", { "*tensors": each(oneOrMore(tensor)), indexing });
type MeshgridOptions = { indexing?: "ij" | "xy" | null };
/** Grids of coordinates, one for each vector along its own dimension; "xy" exchanges the first two, default "ij". */
export const meshgrid = (...given: readonly (Tensor | readonly Tensor[] | MeshgridOptions)[]): Tensor[] => {
  const { tensors, indexing } = readMeshgrid(given);
  const list = tensors.flat();
  const [first] = list;
  if (!first)
    complain(core.ArgumentError, "meshgrid expects a non-empty TensorList", {
      op: "meshgrid",
      argument: "tensors",
      expected: "one or more",
      given: "none",
    });
  for (const [i, x] of list.entries()) {
    if (x.core.dtype !== first.core.dtype)
      complain(core.DtypeError, "torch.meshgrid expects all tensors to have the same dtype", {
        op: "meshgrid",
        argument: `tensors[${i}]`,
        expected: `${first.dtype}`,
        given: `${x.dtype}`,
      });
    if (x.rank > 1)
      complain(
        core.ShapeError,
        `torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ${sizeText(x.shape)}`,
        { op: "meshgrid", argument: `tensors[${i}]`, expected: "rank 1 or less", given: sizeText(x.shape) },
      );
  }
  return core.scope(() =>
    core
      .meshgrid(
        list.map((x) => core.reshape(x.core, [x.core.size])),
        indexing ?? "ij",
      )
      .map(wrap),
  );
};

/** A tensor, or each of several, with a rank of at least one, two or three. */
export interface AtLeast {
  (input: Tensor): Tensor;
  (...tensors: readonly [Tensor, Tensor, ...Tensor[]] | readonly [readonly Tensor[]]): Tensor[];
}
function atLeast(rank: 1 | 2 | 3, shapeOf: (shape: readonly number[]) => readonly number[]): AtLeast {
  const read = overloads(`torch.atleast_${rank}d`, { input: tensor }, { tensors }, { "*tensors": each(tensor) });
  const made = (x: Tensor): Tensor => wrap(core.reshape(x.core, shapeOf(x.shape)));
  const call = (...args: unknown[]): Tensor | Tensor[] => {
    const { form, values } = read(args);
    return form === "0" ? made(values.input) : values.tensors.map(made);
  };
  return call as AtLeast;
}
export const atleast_1d = atLeast(1, (shape) => (shape.length === 0 ? [1] : shape));
const matrix = (shape: readonly number[]): readonly number[] =>
  shape.length === 0 ? [1, 1] : shape.length === 1 ? [1, ...shape] : shape;
export const atleast_2d = atLeast(2, matrix);
export const atleast_3d = atLeast(3, (shape) => {
  const own = matrix(shape);
  return own.length === 2 ? [...own, 1] : own;
});

/** Places in a flattened tensor as indices of every dimension. */
export const unravel_index: (
  indices: Tensor,
  ...args: Args<[shape: number | readonly number[]], { shape: number | readonly number[] }>
) => Tensor[] = define("torch.unravel_index", { indices: tensor, shape: dims }, ({ indices, shape }) => {
  const places = integers("unravel_index", "indices", indices);
  const extents = list(shape);
  if (extents.some((extent) => extent < 0))
    complain(core.ArgumentError, "'shape' cannot have negative values", {
      op: "unravel_index",
      argument: "shape",
      expected: "0 or more",
      given: sizeText(extents),
    });
  return core.scope(() => {
    let rest = places;
    const parts: Tensor[] = [];
    for (const extent of [...extents].reverse()) {
      parts.unshift(wrap(core.remainder(rest, Math.max(1, extent))));
      rest = core.floorDivide(rest, Math.max(1, extent));
    }
    return parts;
  });
});

/** Summed down to a shape that broadcasts to its own. */
export function summedTo(input: Tensor, size: readonly number[]): Tensor {
  const extra = input.rank - size.length;
  if (extra < 0 || size.some((extent, d) => extent !== 1 && extent !== input.shape[d + extra]))
    complain(core.ShapeError, `size {${sizeText(size)}} is not expandable to size {${sizeText(input.shape)}}.`, {
      op: "sum_to_size",
      argument: "size",
      expected: `a shape that expands to ${sizeText(input.shape)}`,
      given: sizeText(size),
    });
  const axes = input.shape.flatMap((extent, d) => (d < extra || (size[d - extra] === 1 && extent !== 1) ? [d] : []));
  if (axes.length === 0) return wrap(copyOf(input.core.dtype === "bool" ? core.cast(input.core, "int32") : input.core));
  return core.scope(() => wrap(core.reshape(core.checked.sum(input.core, { axes }), size)));
}

// Products of vectors, of tensors along dimensions, and by equations.
import * as core from "@facet/autograd";
import { type Args, int, listOf, number, oneOf, overloads, string } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension, dimensions } from "../errors.js";
import { each, forms, ints, native, out, tensor, tensors } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { mul, type Out } from "./arithmetic.js";
import { product, requireOneDtype, requireRank } from "./linalg.js";
import { requireBroadcast } from "./operands.js";
import { notImplemented, requireFloat } from "./scalar.js";

type OfTwo<Name extends string> = (
  input: Tensor,
  ...args: Args<[other: Tensor], { readonly [K in Name]: Tensor } & Out>
) => Tensor;

function requireVectors(op: string, argument: string, a: Tensor, b: Tensor): void {
  if (a.rank !== 1 || b.rank !== 1)
    complain(core.ShapeError, `1D tensors expected, but got ${a.rank}D and ${b.rank}D tensors`, {
      op,
      argument,
      expected: "rank 1",
      given: `${sizeText(a.shape)}, ${sizeText(b.shape)}`,
    });
  if (a.core.size !== b.core.size)
    complain(
      core.ShapeError,
      `inconsistent tensor size, expected tensor ${sizeText(a.shape)} and src ${sizeText(b.shape)} to have the same number of elements, but got ${a.core.size} and ${b.core.size} elements respectively`,
      { op, argument, expected: sizeText(a.shape), given: sizeText(b.shape) },
    );
}

/** The sum of the products of two vectors' elements. */
export const dot: OfTwo<"tensor"> = native("dot", { input: tensor, tensor, "*": null, out }, (given) => {
  requireVectors("dot", "tensor", given.input, given.tensor);
  return product("dot", "tensor", given.input, given.tensor);
});
/** As dot: there are no complex numbers. */
export const vdot: OfTwo<"other"> = native("vdot", { input: tensor, other: tensor, "*": null, out }, (given) => {
  requireVectors("vdot", "other", given.input, given.other);
  return product("vdot", "other", given.input, given.other);
});

/** A matrix times a vector. */
export const mv: OfTwo<"vec"> = native("mv", { input: tensor, vec: tensor, "*": null, out }, ({ input, vec }) => {
  requireRank("mv", "self", input, 2);
  requireRank("mv", "vec", vec, 1);
  return product("mv", "vec", input, vec);
});

/** Every element of one vector times every one of another. */
export function outerOf(op: string, a: Tensor, b: Tensor): Tensor {
  requireRank(op, "self", a, 1);
  requireRank(op, "vec2", b, 1);
  return mul(wrap(core.reshape(a.core, [a.core.size, 1])), wrap(core.reshape(b.core, [1, b.core.size])));
}
const outerNamed = (name: string): OfTwo<"vec2"> =>
  native(name, { input: tensor, vec2: tensor, "*": null, out }, ({ input, vec2 }) =>
    core.scope(() => outerOf(name, input, vec2)),
  );
export const outer = outerNamed("outer");
export const ger = outerNamed("ger");

/** Products of the last dimensions: [..., k] and [..., k] give all pairs; beside a number a plain product. */
export const inner: OfTwo<"other"> = native("inner", { input: tensor, other: tensor, "*": null, out }, (given) => {
  const { input, other } = given;
  if (input.rank === 0 || other.rank === 0) return mul(input, other);
  const last = input.rank - 1;
  if (input.shape[last] !== other.shape.at(-1))
    complain(
      core.ShapeError,
      `inner() the last dimension must match on both input tensors but got shapes ${sizeText(input.shape)} and ${sizeText(other.shape)}`,
      {
        op: "inner",
        argument: "other",
        expected: `a last dimension of ${input.shape[last]}`,
        given: sizeText(other.shape),
      },
    );
  return contracted("inner", input, other, [last], [other.rank - 1]);
});

/** Sums of products over `left` of a and `right` of b; what is left of a's dimensions stands before what is left of b's. */
function contracted(op: string, a: Tensor, b: Tensor, left: readonly number[], right: readonly number[]): Tensor {
  requireOneDtype(op, "other", a, b);
  const rest = (x: Tensor, summed: readonly number[]): number[] =>
    [...x.shape.keys()].filter((d) => !summed.includes(d));
  const extents = (x: Tensor, dims: readonly number[]): number[] => dims.map((d) => x.shape[d] as number);
  const [ofA, ofB] = [rest(a, left), rest(b, right)];
  const k = core.sizeOf(extents(a, left));
  return core.scope(() => {
    const rows = core.reshape(core.transpose(a.core, [...ofA, ...left]), [core.sizeOf(extents(a, ofA)), k]);
    const columns = core.reshape(core.transpose(b.core, [...right, ...ofB]), [k, core.sizeOf(extents(b, ofB))]);
    const y = product(op, "other", wrap(rows), wrap(columns));
    return wrap(core.reshape(y.core, [...extents(a, ofA), ...extents(b, ofB)]));
  });
}

export type TensordotDims = number | readonly [readonly number[], readonly number[]];
export interface TensordotArguments {
  a: Tensor;
  b: Tensor;
  /** How many of a's last and b's first dimensions, or which of both. Default 2. */
  dims: TensordotDims;
  out: null;
}
/** Sums of products over dimensions of both: [..., k...] and [k..., ...]. Extents of 1 are summed beside any other. */
export const tensordot: (a: Tensor, ...args: Args<[b: Tensor, dims: TensordotDims], TensordotArguments>) => Tensor =
  native("tensordot", { a: tensor, b: tensor, dims: int.either(listOf(ints, 2)).or(2), out }, ({ a, b, dims }) => {
    if (typeof dims === "number" && (dims < 0 || dims > Math.min(a.rank, b.rank)))
      complain(core.ArgumentError, `tensordot expects dims >= 0, but got dims=${dims}`, {
        op: "tensordot",
        argument: "dims",
        expected: `0 to ${Math.min(a.rank, b.rank)}`,
        given: `${dims}`,
      });
    const both = typeof dims === "number" ? pairs(dims, a.rank) : (dims as readonly [number[], number[]]);
    const [left, right] = [dimensions("tensordot", both[0], a.rank), dimensions("tensordot", both[1], b.rank)];
    if (left.length !== right.length)
      complain(core.ArgumentError, "both dimension lists should have same length", {
        op: "tensordot",
        argument: "dims",
        expected: `${left.length} dimensions of both`,
        given: `${right.length} of b`,
      });
    let [x, y] = [a, b];
    for (const [i, d] of left.entries()) {
      const [m, n] = [a.shape[d] as number, b.shape[right[i] as number] as number];
      if (m !== n && m !== 1 && n !== 1)
        complain(
          core.ShapeError,
          `contracted dimensions need to match, but first has size ${m} in dim ${d} and second has size ${n} in dim ${right[i]}`,
          { op: "tensordot", argument: "b", expected: `${m} along dimension ${right[i]}`, given: sizeText(b.shape) },
        );
      if (m === 1 && n !== 1) y = wrap(core.checked.sum(y.core, { axes: right[i] as number, keepdims: true }));
      if (n === 1 && m !== 1) x = wrap(core.checked.sum(x.core, { axes: d, keepdims: true }));
    }
    return contracted("tensordot", x, y, left, right);
  });

const pairs = (count: number, rank: number): readonly [number[], number[]] => [
  Array.from({ length: count }, (_, i) => rank - count + i),
  Array.from({ length: count }, (_, i) => i),
];

const readEinsum = overloads(
  "torch.einsum",
  { equation: string, operands: tensors },
  { equation: string, "*operands": each(tensor) },
);
/** Sums of products by an equation, `einsum("ij,jk->ik", a, b)`; operands one by one or in a list. Dots stand for all other dimensions. */
export function einsum(equation: string, ...operands: readonly Tensor[] | readonly [readonly Tensor[]]): Tensor {
  const { values } = readEinsum([equation, ...operands]);
  const list = values.operands as readonly Tensor[];
  const [first] = list;
  if (!first)
    complain(core.ArgumentError, "einsum(): must provide at least one operand", {
      op: "einsum",
      argument: "operands",
      expected: "one or more",
      given: "none",
    });
  for (const each of list) if (list.length > 1) requireOneDtype("einsum", "operands", first as Tensor, each);
  const own = list.map((each) => each.core);
  return core.scope(() => {
    if ((first as Tensor).core.dtype === "float32") return wrap(core.einsum(values.equation, ...own));
    const whole = own.map((x) => convertCore(x, "int32"));
    const floats = whole.map((x) => core.cast(x, "float32"));
    return wrap(
      core.checked.unlessWrapped(core.einsum(values.equation, ...whole), core.einsum(values.equation, ...floats)),
    );
  });
}

/** Kronecker's product: every element of the input times all of other, in its place. */
export const kron: OfTwo<"other"> = native("kron", { input: tensor, other: tensor, "*": null, out }, (given) => {
  const { input, other } = given;
  const rank = Math.max(input.rank, other.rank);
  const extents = (x: Tensor): number[] => Array.from({ length: rank }, (_, i) => x.shape[i - rank + x.rank] ?? 1);
  const [ofA, ofB] = [extents(input), extents(other)];
  return core.scope(() => {
    const left = core.reshape(
      input.core,
      ofA.flatMap((extent) => [extent, 1]),
    );
    const right = core.reshape(
      other.core,
      ofB.flatMap((extent) => [1, extent]),
    );
    const y = mul(wrap(left), wrap(right));
    return wrap(
      core.reshape(
        y.core,
        ofA.map((extent, i) => extent * (ofB[i] as number)),
      ),
    );
  });
});

/** The product of matrices, one after another, in the order that takes fewest multiplications. */
export function productOfAll(op: string, matrices: readonly Tensor[]): Tensor {
  if (matrices.length === 1) return matrices[0] as Tensor;
  const extents = [...matrices.map(({ shape }) => shape[0] as number), matrices.at(-1)?.shape[1] as number];
  const best = new Map<string, { cost: number; at: number }>();
  const cheapest = (from: number, to: number): { cost: number; at: number } => {
    if (to - from === 1) return { cost: 0, at: from };
    const key = `${from},${to}`;
    let found = best.get(key);
    for (let at = from + 1; !best.has(key) && at < to; at++) {
      const own = (extents[from] as number) * (extents[at] as number) * (extents[to] as number);
      const cost = cheapest(from, at).cost + cheapest(at, to).cost + own;
      if (!found || cost < found.cost) found = { cost, at };
    }
    best.set(key, found as { cost: number; at: number });
    return found as { cost: number; at: number };
  };
  const multiply = (from: number, to: number): Tensor => {
    if (to - from === 1) return matrices[from] as Tensor;
    const { at } = cheapest(from, to);
    return product(op, "matrices", multiply(from, at), multiply(at, to));
  };
  return core.scope(() => multiply(0, matrices.length));
}
const readChain = forms("chain_matmul", { "*matrices": each(tensor), out });
/** The product of two or more matrices, as linalg.multi_dot. */
export function chain_matmul(...matrices: readonly Tensor[]): Tensor {
  const list = readChain(matrices).values.matrices as readonly Tensor[];
  if (list.length === 0)
    complain(core.ArgumentError, "chain_matmul(): Expected one or more matrices", {
      op: "chain_matmul",
      argument: "matrices",
      expected: "one or more",
      given: "none",
    });
  for (const one of list) requireRank("chain_matmul", "matrices", one, 2);
  return productOfAll("chain_matmul", list);
}

/** Cross products of vectors of three along a dimension. */
export function crossed(op: string, input: Tensor, other: Tensor, dim: number): Tensor {
  if (input.rank !== other.rank)
    complain(core.ShapeError, `${op}: inputs must have the same number of dimensions.`, {
      op,
      argument: "other",
      expected: `rank ${input.rank}`,
      given: `rank ${other.rank}`,
    });
  const axis = dimension(op, dim, input.rank);
  for (const [argument, x] of Object.entries({ input, other }))
    if (x.shape[axis] !== 3)
      complain(
        core.ShapeError,
        `${op}: inputs dimension ${dim} must have length 3. Got ${input.shape[axis]} and ${other.shape[axis]}`,
        { op, argument, expected: `3 along dimension ${dim}`, given: sizeText(x.shape) },
      );
  requireBroadcast(op, input.shape, other.shape);
  const { dtype } = input.core;
  if (dtype === "bool") notImplemented("cross", dtype, { op, argument: "input", expected: "numbers" });
  requireOneDtype(op, "other", input, other);
  return core.scope(() => wrap(core.cross(input.core, other.core, axis)));
}
export interface CrossArguments extends Out {
  other: Tensor;
  /** Default null: the first dimension of extent 3. */
  dim: number | null;
}
/** Cross products of vectors of three elements. */
export const cross: (input: Tensor, ...args: Args<[other: Tensor, dim: number | null], CrossArguments>) => Tensor =
  native("cross", { input: tensor, other: tensor, dim: int.or(null), "*": null, out }, ({ input, other, dim }) => {
    const axis = dim ?? input.shape.indexOf(3);
    if (axis < 0 && dim === null)
      complain(core.ShapeError, "no dimension of size 3 in input", {
        op: "cross",
        argument: "input",
        expected: "a dimension of 3",
        given: sizeText(input.shape),
      });
    return crossed("cross", input, other, axis);
  });

const MODES = [
  "use_mm_for_euclid_dist_if_necessary",
  "use_mm_for_euclid_dist",
  "donot_use_mm_for_euclid_dist",
] as const;
export interface CdistArguments {
  x1: Tensor;
  x2: Tensor;
  /** Which norm: 0 or more. Default 2. */
  p: number;
  /** Changes nothing: there is one way. */
  compute_mode: (typeof MODES)[number];
}
/** Distances of all rows of x1 [..., n, d] to all of x2 [..., m, d]: [..., n, m]. */
export const cdist: (
  x1: Tensor,
  ...args: Args<[x2: Tensor, p: number, compute_mode: (typeof MODES)[number]], CdistArguments>
) => Tensor = native(
  "cdist",
  { x1: tensor, x2: tensor, p: number.or(2), compute_mode: oneOf(...MODES).or(MODES[0]) },
  ({ x1, x2, p }) => {
    for (const [argument, x] of Object.entries({ x1, x2 })) requireFloat("cdist", argument, x.core.dtype);
    return core.scope(() => wrap(core.cdist(x1.core, x2.core, p)));
  },
);
/** Distances of all pairs of rows of a matrix, in one line: [n (n - 1) / 2]. */
export const pdist: (input: Tensor, ...args: Args<[p: number], { p: number }>) => Tensor = native(
  "pdist",
  { input: tensor, p: number.or(2) },
  ({ input, p }) => {
    requireRank("pdist", "input", input, 2);
    requireFloat("pdist", "input", input.core.dtype);
    const n = input.shape[0] as number;
    const places: number[] = [];
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) places.push(i * n + j);
    if (!(p >= 0))
      complain(core.ArgumentError, "pdist only supports non-negative p values", {
        op: "pdist",
        argument: "p",
        expected: "0 or more",
        given: `${p}`,
      });
    return core.scope(() => {
      // Of no pairs there are no distances, which follow the rows all the same.
      if (places.length === 0) return wrap(core.sliceAlong(core.reshape(input.core, [input.core.size]), 0, 0, 0));
      const [first, second] = [places.map((at) => Math.floor(at / n)), places.map((at) => at % n)];
      const rows = (list: number[]): core.Tensor =>
        core.gather(input.core, core.fromData(Int32Array.from(list), [list.length], "int32"));
      return wrap(core.vectorNorm(core.sub(rows(first), rows(second)), p, { axes: -1 }));
    });
  },
);

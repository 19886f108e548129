// Triangles and diagonals of matrices, and matrices made of others.
import * as core from "@facet/autograd";
import { type Args, define, int } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { creation, each, native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { type CreationArguments, finish } from "./creation.js";
import { requireRank } from "./rearranging.js";

type OfDiagonal = (input: Tensor, ...args: Args<[diagonal: number], { diagonal: number } & Out>) => Tensor;

/** Bools as integers, and back. */
function counted(x: core.Tensor, body: (x: core.Tensor) => core.Tensor): Tensor {
  return wrap(x.dtype === "bool" ? core.cast(body(core.cast(x, "int32")), "bool") : body(x));
}
const triangle = (name: "tril" | "triu", f: typeof core.tril): OfDiagonal =>
  native(name, { input: tensor, diagonal: int.or(0), "*": null, out }, ({ input, diagonal }) => {
    requireRank(name, input, 2, `${name}: input tensor must have at least 2 dimensions`);
    return core.scope(() => counted(input.core, (x) => f(x, diagonal)));
  });
/** What is on and below a diagonal of matrices, 0 above. */
export const tril = triangle("tril", core.tril);
/** What is on and above it, 0 below. */
export const triu = triangle("triu", core.triu);

export interface TriangleArguments extends CreationArguments {
  row: number;
  col: number;
  offset: number;
}
function indices(
  name: string,
  holds: (row: number, column: number, offset: number) => boolean,
): (...args: Args<[row: number, col: number, offset: number], TriangleArguments>) => Tensor {
  return native(
    name,
    { row: int, col: int, offset: int.or(0), "*": null, ...creation },
    ({ row, col, offset, ...settings }) => {
      for (const [argument, extent] of Object.entries({ row, col }))
        if (extent < 0)
          complain(core.ArgumentError, `${argument} must be non-negative, got${extent}`, {
            op: name,
            argument,
            expected: "0 or more",
            given: `${extent}`,
          });
      const pairs: [number, number][] = [];
      for (let i = 0; i < row; i++) for (let j = 0; j < col; j++) if (holds(i, j, offset)) pairs.push([i, j]);
      const values = Int32Array.from([...pairs.map(([i]) => i), ...pairs.map(([, j]) => j)]);
      return finish(name, core.fromData(values, [2, pairs.length], "int32"), settings);
    },
  );
}
/** Rows and columns of what is on and below a diagonal: [2, count]. */
export const tril_indices = indices("tril_indices", (row, column, offset) => column - row <= offset);
/** Rows and columns of what is on and above it. */
export const triu_indices = indices("triu_indices", (row, column, offset) => column - row >= offset);

/** Of a vector the matrix with it as a diagonal, of a matrix the diagonal. */
export const diag: OfDiagonal = native(
  "diag",
  { input: tensor, diagonal: int.or(0), "*": null, out },
  ({ input, diagonal }) => {
    if (input.rank !== 1 && input.rank !== 2)
      complain(core.ShapeError, `diag(): Supports 1D or 2D tensors. Got ${input.rank}D`, {
        op: "diag",
        argument: "input",
        expected: "rank 1 or 2",
        given: sizeText(input.shape),
      });
    return core.scope(() => wrap(core.diag(input.core, diagonal)));
  },
);
/** The matrix with all elements on a diagonal. */
export const diagflat: (input: Tensor, ...args: Args<[offset: number], { offset: number }>) => Tensor = native(
  "diagflat",
  { input: tensor, offset: int.or(0) },
  ({ input, offset }) => core.scope(() => wrap(core.diag(core.reshape(input.core, [input.core.size]), offset))),
);

export interface DiagonalArguments {
  offset: number;
  dim1: number;
  dim2: number;
}
export type DiagonalArgs = Args<[offset: number, dim1: number, dim2: number], DiagonalArguments>;
function planes(op: string, { dim1, dim2, offset }: DiagonalArguments, rank: number) {
  const [axis1, axis2] = [dimension(op, dim1, rank, "dim1"), dimension(op, dim2, rank, "dim2")];
  if (axis1 === axis2)
    complain(core.ArgumentError, `diagonal dimensions cannot be identical ${dim1}, ${dim2}`, {
      op,
      argument: "dim2",
      expected: "another dimension than dim1",
      given: `${dim2}`,
    });
  return { axis1, axis2, offset };
}
/** Matrices along two new dimensions with the last one as diagonals. */
export const diag_embed: (input: Tensor, ...args: DiagonalArgs) => Tensor = native(
  "diag_embed",
  { input: tensor, offset: int.or(0), dim1: int.or(-2), dim2: int.or(-1) },
  ({ input, ...given }) => {
    requireRank("diag_embed", input, 1, "Dimension out of range (expected to be in range of [-1, 0], but got -2)");
    return core.scope(() => wrap(core.diagonalEmbed(input.core, planes("diag_embed", given, input.rank + 1))));
  },
);
/** The diagonals along two dimensions, as the last one. */
export const diagonal: (input: Tensor, ...args: DiagonalArgs) => Tensor = native(
  "diagonal",
  { input: tensor, offset: int.or(0), dim1: int.or(0), dim2: int.or(1) },
  ({ input, ...given }) => {
    const options = planes("diagonal", given, input.rank);
    return viewed(input, (x) => core.diagonal(x, options));
  },
);
/** The input with its diagonals replaced. */
export const diagonal_scatter: (
  input: Tensor,
  ...args: Args<[src: Tensor, offset: number, dim1: number, dim2: number], DiagonalArguments & { src: Tensor }>
) => Tensor = native(
  "diagonal_scatter",
  { input: tensor, src: tensor, offset: int.or(0), dim1: int.or(0), dim2: int.or(1) },
  ({ input, src, ...given }) => {
    const options = planes("diagonal_scatter", given, input.rank);
    return core.scope(() => {
      const { shape } = core.diagonal(input.core, options);
      if (`${src.shape}` !== `${shape}`)
        complain(core.ShapeError, "expected src to have a size equal to the slice of self.", {
          op: "diagonal_scatter",
          argument: "src",
          expected: sizeText(shape),
          given: sizeText(src.shape),
        });
      return wrap(core.diagonalScatter(input.core, convertCore(src.core, input.core.dtype), options));
    });
  },
);

const readBlocks = define(
  "torch.block_diag",
  { "*tensors": each(tensor), out },
  ({ tensors }) => tensors as readonly Tensor[],
);
/** A matrix with matrices, rows or numbers along its diagonal. */
export const block_diag = (...tensors: readonly Tensor[]): Tensor => {
  const given = readBlocks(...tensors);
  for (const [i, x] of given.entries())
    if (x.rank > 2)
      complain(
        core.ShapeError,
        `torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ${i} has ${x.rank} dimensions`,
        { op: "block_diag", argument: `tensors[${i}]`, expected: "rank 2 or less", given: sizeText(x.shape) },
      );
  return core.scope(() => {
    if (given.length === 0) return wrap(core.full([1, 0], 0));
    const dtype = given.map((x) => x.core.dtype).reduce(core.promoteTypes);
    const blocks = given.map((x) =>
      core.reshape(convertCore(x.core, dtype), x.rank === 2 ? x.shape : [1, x.core.size]),
    );
    const width = blocks.reduce((sum, { shape }) => sum + (shape[1] as number), 0);
    let before = 0;
    const rows = blocks.map((block) => {
      const own = block.shape[1] as number;
      const padded = core.pad(dtype === "bool" ? core.cast(block, "int32") : block, [
        [0, 0],
        [before, width - before - own],
      ]);
      before += own;
      return padded;
    });
    const whole = core.concat(rows, 0);
    return wrap(dtype === "bool" ? core.cast(whole, "bool") : whole);
  });
};

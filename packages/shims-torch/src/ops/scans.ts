// Cumulative functions along a dimension, and differences and integrals of neighbours.
import * as core from "@facet/autograd";
import { type Args, int, number, overloads } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import type { Dtype } from "../dtype.js";
import { complain, dimension } from "../errors.js";
import { dtype as dtypeKind, native, out, tensor } from "../kinds.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { notImplemented, requireFloat } from "./scalar.js";
import { tuple, type ValuesAndIndices } from "./tuples.js";

export interface CumulativeArguments extends Out {
  dim: number;
  /** The input is converted to it first; default null: it is taken as it comes. */
  dtype: Dtype | null;
}
export type CumulativeArgs = Args<[dim: number], CumulativeArguments>;

function cumulative(
  name: string,
  f: (x: core.Tensor, options: { axis: number }) => core.Tensor,
): (input: Tensor, ...args: CumulativeArgs) => Tensor {
  return native(
    name,
    { input: tensor, dim: int, "*": null, dtype: dtypeKind.or(null), out },
    ({ input, dim, dtype }) => {
      const axis = dimension(name, dim, input.rank);
      return core.scope(() => {
        const x = convertCore(input.core, dtype?.core ?? (input.core.dtype === "uint8" ? "int32" : input.core.dtype));
        return wrap(f(x, { axis }));
      });
    },
  );
}
/** Sums of all elements up to each; of integers and bools int64. */
export const cumsum = cumulative("cumsum", core.checked.cumsum);
/** Products of all elements up to each; of integers and bools int64. */
export const cumprod = cumulative("cumprod", core.checked.cumprod);

type OfDim = (input: Tensor, ...args: Args<[dim: number], { dim: number } & Out>) => Tensor;
/** log of the sums of e^x of all elements up to each, without overflow. */
export const logcumsumexp: OfDim = native(
  "logcumsumexp",
  { input: tensor, dim: int, "*": null, out },
  ({ input, dim }) => {
    requireFloat("logcumsumexp", "input", input.core.dtype, "logcumsumexp_out_cpu");
    const axis = dimension("logcumsumexp", dim, input.rank);
    return core.scope(() => wrap(core.logcumsumexp(input.core, { axis })));
  },
);

type ExtremesOfDim = (input: Tensor, ...args: Args<[dim: number], { dim: number } & Out>) => ValuesAndIndices;
const extremes = (name: string, f: typeof core.cummax): ExtremesOfDim =>
  native(name, { input: tensor, dim: int, "*": null, out }, ({ input, dim }) => {
    const axis = dimension(name, dim, input.rank);
    return core.scope(() => {
      const { dtype } = input.core;
      const [values, indices] = f(dtype === "bool" ? core.cast(input.core, "int32") : input.core, { axis });
      return tuple<ValuesAndIndices>({ values: core.cast(values, dtype), indices });
    });
  });
/** The largest of all elements up to each, and where it is: of equal ones the last met. */
export const cummax = extremes("cummax", core.cummax);
/** The smallest in the same way. */
export const cummin = extremes("cummin", core.cummin);

export interface DiffArguments extends Out {
  /** How often; default 1. */
  n: number;
  dim: number;
  /** Put before and behind the input first. */
  prepend: Tensor | null;
  append: Tensor | null;
}
/** Differences of neighbours along a dimension, n times over; of bools whether they differ. */
export const diff: (
  input: Tensor,
  ...args: Args<[n: number, dim: number, prepend: Tensor | null, append: Tensor | null], DiffArguments>
) => Tensor = native(
  "diff",
  { input: tensor, n: int.or(1), dim: int.or(-1), prepend: tensor.or(null), append: tensor.or(null), "*": null, out },
  ({ input, n, dim, prepend, append }) => {
    requireLine("diff", "diff expects input to be at least one-dimensional", input);
    const axis = dimension("diff", dim, input.rank);
    if (n < 0)
      complain(core.ArgumentError, `order must be non-negative but got ${n}`, {
        op: "diff",
        argument: "n",
        expected: "0 or more",
        given: `${n}`,
      });
    if (n === 0) return wrap(copyOf(input.core));
    return core.scope(() => {
      const parts = { prepend: prepend?.core, append: append?.core };
      return wrap(core.diff(input.core, { n, axis, ...parts }));
    });
  },
);

function requireLine(op: string, sentence: string, input: Tensor): void {
  if (input.rank === 0)
    complain(core.ShapeError, sentence, { op, argument: "input", expected: "rank 1 or more", given: "[]" });
}

export interface TrapezoidArguments {
  /** Where the values stand, along the dimension or in the shape of y; default null: dx apart. */
  x: Tensor | null;
  /** The distance of neighbours; default 1. */
  dx: number;
  dim: number;
}
type TrapezoidArgs = Args<[x: Tensor | null], TrapezoidArguments>;

/** The areas between neighbours. */
function areas(op: string, y: Tensor, { x, dx, dim }: TrapezoidArguments): [core.Tensor, number] {
  for (const [argument, given] of Object.entries({ y, x }))
    if (given?.core.dtype === "bool")
      complain(core.DtypeError, `${op}: received a bool input for \`${argument}\`, but bool is not supported`, {
        op,
        argument,
        expected: "numbers",
        given: "torch.bool",
      });
  requireLine(op, `Dimension specified as ${dim} but tensor has no dimensions`, y);
  const axis = dimension(op, dim, y.rank);
  const extent = y.shape[axis] as number;
  const values = convertCore(y.core, "float32");
  const [left, right] = [
    core.sliceAlong(values, axis, 0, Math.max(0, extent - 1)),
    core.sliceAlong(values, axis, Math.min(1, extent), extent),
  ];
  const sums = core.add(left, right);
  if (x === null) return [core.mul(sums, dx / 2), axis];
  const at = convertCore(x.core, "float32");
  const places =
    x.rank === 1
      ? core.reshape(
          at,
          y.shape.map((_, i) => (i === axis ? x.core.size : 1)),
        )
      : at;
  const own = axis - y.rank + places.rank;
  const count = places.shape[own];
  if (count !== extent)
    complain(core.ShapeError, `${op}: There must be one \`x\` value for each sample point`, {
      op,
      argument: "x",
      expected: `${extent} along dimension ${dim}`,
      given: `${count}`,
    });
  return [core.mul(core.mul(core.diff(places, { axis: own }), sums), 0.5), axis];
}

const trapezoids = (name: string) => {
  const read = overloads(
    `torch.${name}`,
    { y: tensor, x: tensor, "*": null, dim: int.or(-1) },
    { y: tensor, "*": null, dx: number.or(1), dim: int.or(-1) },
  );
  return (args: readonly unknown[]): [y: Tensor, given: TrapezoidArguments] => {
    const { form, values } = read(args);
    const at = form === "0" ? { x: values.x, dx: 1 } : { x: null, dx: values.dx };
    return [values.y, { ...at, dim: values.dim }];
  };
};
const readTrapezoid = trapezoids("trapezoid");
/** The integral of y along a dimension by trapezoids. */
export const trapezoid = (y: Tensor, ...args: TrapezoidArgs): Tensor =>
  core.scope(() => {
    const [parts, axis] = areas("trapezoid", ...readTrapezoid([y, ...args]));
    return wrap(core.sum(parts, { axes: axis }));
  });
const readCumulative = trapezoids("cumulative_trapezoid");
/** The integral up to each value but the first. */
export const cumulative_trapezoid = (y: Tensor, ...args: TrapezoidArgs): Tensor =>
  core.scope(() => {
    const [parts, axis] = areas("cumulative_trapezoid", ...readCumulative([y, ...args]));
    return wrap(core.cumsum(parts, { axis }));
  });

/** The trace of a matrix: the sum of its diagonal; of bools none. */
export const trace: (input: Tensor) => Tensor = native("trace", { input: tensor }, ({ input }) => {
  if (input.rank !== 2)
    complain(core.ShapeError, "trace: expected a matrix", {
      op: "trace",
      argument: "input",
      expected: "rank 2",
      given: `rank ${input.rank}`,
    });
  const { dtype } = input.core;
  if (dtype === "bool") notImplemented("trace", dtype, { op: "trace", argument: "input", expected: "numbers" });
  return core.scope(() =>
    wrap(core.checked.sum(core.diagonal(convertCore(input.core, dtype === "uint8" ? "int32" : dtype)))),
  );
});

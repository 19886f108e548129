// How variables go together, and all combinations of elements.
import * as core from "@facet/autograd";
import { type Args, define, int } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { each, ints, native, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { requireRank } from "./linalg.js";
import { requireBroadcast } from "./operands.js";

export interface CovArguments {
  /** What is taken off the number of observations; default 1. */
  correction: number;
  /** How often each observation was made: integers. */
  fweights: Tensor | null;
  /** How much each observation weighs. */
  aweights: Tensor | null;
}

function requireRows(op: string, input: Tensor): void {
  if (input.rank <= 2) return;
  complain(
    core.ShapeError,
    `${op}(): expected input to have two or fewer dimensions but got an input with ${input.rank} dimensions`,
    { op, argument: "input", expected: "rank 2 or less", given: sizeText(input.shape) },
  );
}

function covariances(input: Tensor, { correction, fweights, aweights }: CovArguments): core.Tensor {
  const n = input.rank < 2 ? input.core.size : (input.shape[1] as number);
  const x = core.reshape(convertCore(input.core, "float32"), [input.rank < 2 ? 1 : (input.shape[0] as number), n]);
  for (const [argument, weights] of Object.entries({ fweights, aweights })) {
    if (!weights) continue;
    if (weights.rank > 1)
      complain(
        core.ShapeError,
        `cov(): expected ${argument} to have one or fewer dimensions but got ${argument} with ${weights.rank} dimensions`,
        { op: "cov", argument, expected: "rank 1", given: sizeText(weights.shape) },
      );
    if (argument === "fweights" ? weights.core.dtype !== "int32" : weights.core.dtype !== "float32")
      complain(core.DtypeError, `cov(): expected ${argument} to have another dtype but got ${weights.dtype}`, {
        op: "cov",
        argument,
        expected: argument === "fweights" ? "torch.int64" : "torch.float32",
        given: `${weights.dtype}`,
      });
    if (weights.core.size !== n)
      complain(
        core.ShapeError,
        `cov(): expected ${argument} to have the same numel as there are observations in the input but got ${weights.core.size} != ${n}`,
        { op: "cov", argument, expected: `${n} weights`, given: `${weights.core.size}` },
      );
  }
  const flat = (weights: Tensor): core.Tensor => core.reshape(convertCore(weights.core, "float32"), [1, n]);
  const given = [fweights, aweights].flatMap((weights) => (weights ? [flat(weights)] : []));
  const [w] = given.length === 2 ? [core.mul(given[0] as core.Tensor, given[1] as core.Tensor)] : given;
  const sum = (values: core.Tensor): core.Tensor => core.sum(values, { axes: 1, keepdims: true });
  const total = w ? core.sum(w) : core.full([], n);
  const mean = core.div(sum(w ? core.mul(x, w) : x), total);
  const apart = core.sub(x, mean);
  const weighed = w ? core.mul(apart, w) : apart;
  // Weights of kind aweights shorten the correction by their own mean.
  const taken =
    w && aweights && correction !== 0
      ? core.div(core.mul(core.sum(core.mul(w, flat(aweights))), correction), total)
      : core.full([], correction);
  const norm = core.maximum(core.sub(total, taken), 0);
  const c = core.div(core.matmul(apart, weighed, { transposeB: true }), norm);
  const rows = x.shape[0] as number;
  return core.reshape(c, rows === 1 ? [] : [rows, rows]);
}

/** Covariances of variables (rows) over observations (columns): [rows, rows], of one variable its variance. */
export const cov: (input: Tensor, ...args: Args<[], CovArguments>) => Tensor = native(
  "cov",
  { input: tensor, "*": null, correction: int.or(1), fweights: tensor.or(null), aweights: tensor.or(null) },
  ({ input, ...given }) => {
    requireRows("cov", input);
    return core.scope(() => wrap(covariances(input, given)));
  },
);

/** Correlations of variables (rows), -1 to 1. */
export const corrcoef: (input: Tensor) => Tensor = native("corrcoef", { input: tensor }, ({ input }) => {
  requireRows("corrcoef", input);
  return core.scope(() => {
    const c = covariances(input, { correction: 1, fweights: null, aweights: null });
    if (c.rank === 0) return wrap(core.div(c, c));
    const deviations = core.sqrt(core.diagonal(c));
    const n = deviations.size;
    const scaled = core.div(core.div(c, core.reshape(deviations, [n, 1])), core.reshape(deviations, [1, n]));
    return wrap(core.clamp(scaled, -1, 1));
  });
});

/** Places of all choices of r of n, ascending, with or without repeats. */
function choices(n: number, r: number, repeats: boolean): number[][] {
  if (r === 0) return [[]];
  const found: number[][] = [];
  const go = (chosen: number[], from: number): void => {
    if (chosen.length === r) {
      found.push(chosen);
      return;
    }
    for (let i = from; i < n; i++) go([...chosen, i], repeats ? i : i + 1);
  };
  go([], 0);
  return found;
}

export interface CombinationsArguments {
  /** How many of them; default 2. */
  r: number;
  with_replacement: boolean;
}
/** All choices of r elements of a vector: [how many, r]. */
export const combinations: (
  input: Tensor,
  ...args: Args<[r: number, with_replacement: boolean], CombinationsArguments>
) => Tensor = native(
  "combinations",
  { input: tensor, r: int.or(2), with_replacement: false },
  ({ input, r, with_replacement }) => {
    requireRank("combinations", "input", input, 1);
    if (r < 0)
      complain(core.ArgumentError, `Expect a non-negative number, but got ${r}`, {
        op: "combinations",
        argument: "r",
        expected: "0 or more",
        given: `${r}`,
      });
    if (r === 0) return wrap(core.zeros([0], input.core.dtype));
    const rows = choices(input.core.size, r, with_replacement);
    return core.scope(() => {
      if (rows.length === 0) return wrap(core.reshape(core.sliceAlong(input.core, 0, 0, 0), [0, r]));
      const places = core.fromData(Int32Array.from(rows.flat()), [rows.length * r], "int32");
      return wrap(core.reshape(core.gather(input.core, places), [rows.length, r]));
    });
  },
);

const readShapes = define(
  "torch.broadcast_shapes",
  { "*shapes": each(int.either(ints)) },
  ({ shapes }) => shapes as readonly (number | readonly number[])[],
);
/** The shape that tensors of these shapes broadcast to. */
export const broadcast_shapes = (...shapes: readonly (number | readonly number[])[]): number[] => {
  const given = readShapes(...shapes).map((one) => (typeof one === "number" ? [one] : one));
  for (const [i, a] of given.entries()) for (const b of given.slice(i + 1)) requireBroadcast("broadcast_shapes", a, b);
  const rank = Math.max(0, ...given.map((one) => one.length));
  return Array.from({ length: rank }, (_, d) => {
    const extents = given.map((one) => one[d - rank + one.length] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
};

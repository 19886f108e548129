// Padding and cropping of the last dimensions.
import * as core from "@facet/autograd";
import { type Args, define, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints, native, scalar, tensor } from "../kinds.js";
import { refuseDtype, scalarOf } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";

export type PadMode = "constant" | "reflect" | "replicate" | "circular";
export const padModes = oneOf("constant", "reflect", "replicate", "circular");
type Pairs = readonly (readonly [before: number, after: number])[];

export interface PadArguments {
  /** [left, right, top, bottom, ...]: last dimension first; negative amounts crop. */
  pad: readonly number[];
  /** A number all around, or the input's own elements: mirrored at its edge, its edge, or itself again. */
  mode: PadMode;
  /** Of the mode "constant"; default 0. */
  value: number | boolean | null;
}

/**
 * Pads the last dimensions. "constant" takes any tensor and number of dimensions, the other modes the last one of a tensor of
 * rank 2 or 3, two of 3 or 4, three of 4 or 5.
 */
export const pad: (
  input: Tensor,
  ...args: Args<[pad: readonly number[], mode: PadMode, value: number | boolean | null], PadArguments>
) => Tensor = define(
  "torch.nn.functional.pad",
  { input: tensor, pad: ints, mode: padModes.or("constant"), value: scalar.or(null) },
  ({ input, pad: amounts, mode, value }) => {
    if (mode === "constant") return constant("pad", input, amounts, value ?? 0);
    if (value !== null && Number(value) !== 0)
      complain(core.ArgumentError, `Padding mode "${mode}" doesn't take in value argument`, {
        op: "pad",
        argument: "value",
        expected: "none",
        given: `${value}`,
      });
    requireEven(amounts, input.rank);
    const count = amounts.length / 2;
    if (count < 1 || count > 3 || (input.rank !== count + 1 && input.rank !== count + 2))
      complain(core.ShapeError, `Padding size ${amounts.length} is not supported for ${input.rank}D input tensor.`, {
        op: "pad",
        argument: "pad",
        expected: "2 numbers for rank 2 or 3, 4 for 3 or 4, 6 for 4 or 5",
        given: `${amounts.length} for rank ${input.rank}`,
      });
    if (mode !== "circular") refuseDtype("pad", input.core, "bool");
    const pairs = pairsOf(input, amounts);
    requireRoom(input, pairs, mode, count);
    // Without elements there is nothing to repeat.
    if (pairs.some(([before, after], d) => (input.shape[d] as number) + before + after === 0))
      return constant("pad", input, amounts, 0);
    return core.scope(() => wrap(core.padWith(input.core, pairs, mode)));
  },
);

/** pad with a constant, as torch has it. */
export const constant_pad_nd: (
  input: Tensor,
  ...args: Args<[pad: readonly number[], value: number | boolean], { pad: readonly number[]; value: number | boolean }>
) => Tensor = native("constant_pad_nd", { input: tensor, pad: ints, value: scalar.or(0) }, ({ input, pad, value }) =>
  constant("constant_pad_nd", input, pad, value),
);

function requireEven(amounts: readonly number[], rank: number): void {
  if (amounts.length % 2 === 0 && amounts.length / 2 <= rank) return;
  complain(
    core.ArgumentError,
    "Padding length must be divisible by 2 and at most twice the number of dimensions of the input",
    {
      op: "pad",
      argument: "pad",
      expected: `an even number of amounts, at most ${2 * rank}`,
      given: `${amounts.length}`,
    },
  );
}

const pairsOf = (input: Tensor, amounts: readonly number[]): Pairs =>
  input.shape.map((_, axis): [number, number] => {
    const at = 2 * (input.rank - 1 - axis);
    return [amounts[at] ?? 0, amounts[at + 1] ?? 0];
  });

function constant(op: string, input: Tensor, amounts: readonly number[], value: number | boolean): Tensor {
  requireEven(amounts, input.rank);
  const pairs = pairsOf(input, amounts);
  return core.scope(() => {
    const cropped = crop(input, pairs);
    const padding = pairs.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
    return wrap(core.pad(cropped, padding, Number(scalarOf(op, value, input.core.dtype))));
  });
}

/** What is left where amounts are negative. */
function crop(input: Tensor, pairs: Pairs): core.Tensor {
  return pairs.reduce((x, [before, after], axis) => {
    const [start, cut] = [Math.max(0, -before), Math.max(0, -after)];
    if (start === 0 && cut === 0) return x;
    const extent = x.shape[axis] as number;
    if (start + cut > extent)
      complain(core.ArgumentError, "narrow(): length must be non-negative.", {
        op: "pad",
        argument: "pad",
        expected: `at most ${extent} elements taken off dimension ${axis}`,
        given: `${start + cut}`,
      });
    return core.sliceAlong(x, axis, start, extent - cut);
  }, input.core);
}

/** What PyTorch's kernels for a mode take: the core's take any width. */
function requireRoom(input: Tensor, pairs: Pairs, mode: Exclude<PadMode, "constant">, count: number): void {
  const wrong = (sentence: string, expected: string): never =>
    complain(core.ShapeError, sentence, { op: "pad", argument: "pad", expected, given: sizeText(input.shape) });
  for (const [axis, [before, after]] of pairs.entries()) {
    if (before === 0 && after === 0) continue;
    const extent = input.shape[axis] as number;
    const most = mode === "reflect" ? extent - 1 : mode === "circular" ? extent : Number.POSITIVE_INFINITY;
    if (Math.max(before, after) > most)
      wrong(
        mode === "circular"
          ? "Padding value causes wrapping around more than once."
          : `Padding size should be less than the corresponding input dimension, but got: padding (${before}, ${after}) at dimension ${axis} of input ${sizeText(input.shape)}`,
        `at most ${most} at each end of dimension ${axis}`,
      );
    const left = extent + before + after;
    if (left < 0)
      wrong(
        `input of extent ${extent} is too small. Calculated output: ${left}`,
        `something left of dimension ${axis}`,
      );
  }
  const padded = pairs.flatMap(([before, after], d) =>
    d >= input.rank - count ? [(input.shape[d] as number) + before + after] : [],
  );
  if (mode !== "circular" && padded.every((extent) => extent < 1))
    wrong(`input is too small. Calculated output: ${sizeText(padded)}`, "something left");
  // A batch may be empty, what is in it not, where there are edges to repeat.
  const lead = input.rank > 2 ? 1 : 0;
  if (mode !== "circular" && input.shape.slice(lead).includes(0))
    wrong(
      `Expected tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${sizeText(input.shape)}`,
      "no dimension but the batch empty",
    );
}

// Activations beside those of functional_activation.ts, as functions.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, number } from "@facet/dialect";
import type { Dtype } from "../dtype.js";
import { complain, dimension } from "../errors.js";
import { dtype as dtypeKind, out, scalar, tensor } from "../kinds.js";
import { clamp } from "../ops/elementwise.js";
import { refuseDtype, requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import { type SoftmaxFunctionArguments, softmax } from "./functional_activation.js";

const named = (name: string): string => `torch.nn.functional.${name}`;
/** `inplace` is taken and gives the same values, in memory of their own: the input is not overwritten. */
const inplace = bool.or(false);
interface Inplace {
  inplace: boolean;
}

/** An input of floats, as the core takes it. */
function floats(op: string, input: Tensor): core.Tensor {
  requireFloat(op, "input", input.core.dtype);
  return input.core;
}

type Alone = (input: Tensor, ...args: Args<[inplace: boolean], Inplace>) => Tensor;
const alone = (name: string, f: (x: core.Tensor) => core.Tensor): Alone =>
  define(named(name), { input: tensor, inplace }, ({ input }) => core.scope(() => wrap(f(floats(name, input)))));
/** x relu6(x + 3) / 6. */
export const hardswish = alone("hardswish", core.hardSwish);
/** relu6(x + 3) / 6. */
export const hardsigmoid = alone("hardsigmoid", core.hardSigmoid);
/** 1.0507 elu(x, 1.6733). */
export const selu = alone("selu", (x) => core.selu(x));
/** x tanh(softplus(x)). */
export const mish = alone("mish", core.mish);

type OfInput = (input: Tensor) => Tensor;
const plain = (name: string, f: (x: core.Tensor) => core.Tensor): OfInput =>
  define(named(name), { input: tensor }, ({ input }) => core.scope(() => wrap(f(floats(name, input)))));
/** log(sigmoid(x)). */
export const logsigmoid = plain("logsigmoid", core.logSigmoid);
/** x / (1 + |x|). */
export const softsign = plain("softsign", core.softsign);
/** x - tanh(x). */
export const tanhshrink = plain("tanhshrink", core.tanhShrink);

/** Between two bounds; of floats the gradient at a bound is 0. */
function bounded(op: string, input: Tensor, low: number, high: number): Tensor {
  refuseDtype(op, input.core, "bool");
  if (input.core.dtype !== "float32") return clamp(input, Math.trunc(low), Math.trunc(high));
  return core.scope(() => wrap(core.hardTanh(input.core, low, high)));
}
export interface HardtanhArguments extends Inplace {
  min_val: number;
  max_val: number;
}
/** x moved into [min_val, max_val]. */
export const hardtanh: (
  input: Tensor,
  ...args: Args<[min_val: number, max_val: number, inplace: boolean], HardtanhArguments>
) => Tensor = define(
  named("hardtanh"),
  { input: tensor, min_val: number.or(-1), max_val: number.or(1), inplace },
  ({ input, min_val, max_val }) => {
    if (min_val > max_val)
      complain(core.ArgumentError, "min_val cannot be greater than max_val", {
        op: "hardtanh",
        argument: "min_val",
        expected: `at most ${max_val}`,
        given: `${min_val}`,
      });
    return bounded("hardtanh", input, min_val, max_val);
  },
);
/** x moved into [0, 6]. */
export const relu6: Alone = define(named("relu6"), { input: tensor, inplace }, ({ input }) =>
  bounded("relu6", input, 0, 6),
);

export interface ThresholdArguments extends Inplace {
  threshold: number | boolean;
  value: number | boolean;
}
/** x where above the threshold, else the value. Not of bools. */
export const threshold: (
  input: Tensor,
  ...args: Args<[threshold: number, value: number, inplace: boolean], ThresholdArguments>
) => Tensor = define(
  named("threshold"),
  { input: tensor, threshold: scalar, value: scalar, inplace },
  ({ input, threshold: least, value }) => {
    const x = refuseDtype("threshold", input.core, "bool");
    return core.scope(() => {
      if (x.dtype === "float32") return wrap(core.threshold(x, Number(least), Number(value)));
      return wrap(core.where(core.lessEqual(x, Math.floor(Number(least))), Math.trunc(Number(value)), x));
    });
  },
);

/** x where positive, else alpha (e^(x / alpha) - 1). */
export const celu: (
  input: Tensor,
  ...args: Args<[alpha: number, inplace: boolean], Inplace & { alpha: number }>
) => Tensor = define(named("celu"), { input: tensor, alpha: number.or(1), inplace }, ({ input, alpha }) =>
  core.scope(() => wrap(core.celu(floats("celu", input), alpha))),
);
type Shrink = (input: Tensor, ...args: Args<[lambd: number], { lambd: number }>) => Tensor;
/** x moved towards 0 by lambd, 0 where |x| is at most that. */
export const softshrink: Shrink = define(
  named("softshrink"),
  { input: tensor, lambd: number.or(0.5) },
  ({ input, lambd }) => core.scope(() => wrap(core.softShrink(floats("softshrink", input), lambd))),
);
/** 0 where |x| is at most lambd, else x. */
export const hardshrink: Shrink = define(
  named("hardshrink"),
  { input: tensor, lambd: number.or(0.5), "*": null, out },
  ({ input, lambd }) => core.scope(() => wrap(core.hardShrink(floats("hardshrink", input), lambd))),
);

/** x where positive, else the slope of its channel (dimension 1), or the one there is, times x. */
export const prelu: (input: Tensor, ...args: Args<[weight: Tensor], { weight: Tensor }>) => Tensor = define(
  named("prelu"),
  { input: tensor, weight: tensor },
  ({ input, weight }) => {
    const x = floats("prelu", input);
    requireFloat("prelu", "weight", weight.core.dtype);
    const channels = input.rank < 2 ? 1 : (input.shape[1] as number);
    const slopes = weight.core.size;
    if (weight.rank > 1 || (slopes !== 1 && slopes !== channels) || (weight.rank === 0 && slopes !== 1))
      complain(
        core.ShapeError,
        `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${slopes} and channel size = ${channels}.`,
        { op: "prelu", argument: "weight", expected: `1 or ${channels} numbers`, given: sizeText(weight.shape) },
      );
    return core.scope(() => {
      const shape = input.shape.map((_, d) => (d === 1 && slopes > 1 ? slopes : 1));
      return wrap(core.prelu(x, core.reshape(weight.core, slopes === 1 ? input.shape.map(() => 1) : shape)));
    });
  },
);

export interface RreluArguments extends Inplace {
  lower: number;
  upper: number;
  training: boolean;
}
/** leaky_relu with a slope for each element, drawn from [lower, upper) when training, else their mean. */
export const rrelu: (
  input: Tensor,
  ...args: Args<[lower: number, upper: number, training: boolean, inplace: boolean], RreluArguments>
) => Tensor = define(
  named("rrelu"),
  { input: tensor, lower: number.or(1 / 8), upper: number.or(1 / 3), training: false, inplace },
  ({ input, lower, upper, training }) => {
    const x = floats("rrelu", input);
    if (!(lower <= upper))
      complain(core.ArgumentError, "Lower bound should be less than or equal to the upper bound", {
        op: "rrelu",
        argument: "upper",
        expected: `${lower} or more`,
        given: `${upper}`,
      });
    return core.scope(() => wrap(core.rrelu(x, lower, upper, training ? nextKey(null) : undefined)));
  },
);

/** The first half along a dimension times the sigmoid of the second. */
export const glu: (input: Tensor, ...args: Args<[dim: number], { dim: number }>) => Tensor = define(
  named("glu"),
  { input: tensor, dim: int.or(-1) },
  ({ input, dim }) => {
    const wrong = (sentence: string, expected: string): never =>
      complain(core.ShapeError, sentence, { op: "glu", argument: "input", expected, given: sizeText(input.shape) });
    if (input.rank === 0) wrong("glu does not support scalars because halving size must be even", "rank 1 or more");
    const axis = dimension("glu", dim, input.rank);
    const extent = input.shape[axis] as number;
    if (extent % 2 !== 0)
      wrong(
        `Halving dimension must be even, but dimension ${axis} is size ${extent}`,
        `an even extent of dimension ${axis}`,
      );
    return core.scope(() => wrap(core.glu(floats("glu", input), axis)));
  },
);

type SoftminArgs = Args<[dim: number | null, _stacklevel: number, dtype: Dtype | null], SoftmaxFunctionArguments>;
/** softmax of -x. */
export const softmin: (input: Tensor, ...args: SoftminArgs) => Tensor = define(
  named("softmin"),
  {
    input: tensor,
    dim: int.or(null),
    _stacklevel: int.or(3),
    dtype: dtypeKind.where("torch.float32", (dtype) => dtype.is_floating_point).or(null),
  },
  ({ input, dim, dtype }) =>
    core.scope(() => {
      const x = dtype ? input.float() : input;
      return softmax(wrap(core.neg(floats("softmin", x))), dim);
    }),
);

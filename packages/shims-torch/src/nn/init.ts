// torch.nn.init: fills tensors in place. Weights are [out, in, ...]: fan_in counts dimension 1 and the receptive field.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, define, number, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { generator, scalar, tensor } from "../kinds.js";
import { drawNormal, drawUniform } from "../ops/inplace.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey } from "../random.js";
import type { Tensor } from "../tensor.js";

const axes = { inAxis: 1, outAxis: 0 };
const named = (name: string): string => `torch.nn.init.${name}`;

function fill(op: string, target: Tensor, compute: () => core.Tensor): Tensor {
  return core.noGrad(() => write(op, target, compute));
}

function requireFans(target: Tensor, op: string): void {
  if (target.rank >= 2) return;
  complain(core.ShapeError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions", {
    op,
    argument: "tensor",
    expected: "rank 2 or more",
    given: sizeText(target.shape),
  });
}

const LINEAR = [
  ...(["linear", "conv1d", "conv2d", "conv3d"] as const),
  ...(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"] as const),
] as const;
const nonlinearity = oneOf(...LINEAR, "tanh", "relu", "leaky_relu", "selu");
export type Nonlinearity = (typeof nonlinearity)["type"];

/** Factor by which a layer before the given nonlinearity scales its initial weights; `param` is leaky_relu's slope, 0.01. */
export const calculate_gain: (
  nonlinearity: Nonlinearity,
  ...args: Args<[param: number | null], { param: number | null }>
) => number = define(named("calculate_gain"), { nonlinearity, param: number.or(null) }, (given) =>
  gainOf(given.nonlinearity, given.param ?? 0.01),
);

function gainOf(name: Nonlinearity, slope: number): number {
  if (name === "tanh") return 5 / 3;
  if (name === "relu") return Math.SQRT2;
  if (name === "leaky_relu") return Math.sqrt(2 / (1 + slope * slope));
  return name === "selu" ? 3 / 4 : 1;
}

type Fill<Positional extends readonly unknown[], Named> = (
  tensor: Tensor,
  ...args: Args<Positional, Named & { generator: Generator | null }>
) => Tensor;
type Mode = "fan_in" | "fan_out";
type KaimingFill = Fill<
  [a: number, mode: Mode, nonlinearity: Nonlinearity, generator: Generator | null],
  {
    /** Slope of the leaky ReLU that follows; default 0. */
    a: number;
    mode: Mode;
    nonlinearity: Nonlinearity;
  }
>;

const kaiming = (op: string, distribution: "uniform" | "normal"): KaimingFill =>
  define(
    named(op),
    {
      tensor,
      a: number.or(0),
      mode: oneOf("fan_in", "fan_out").or("fan_in"),
      nonlinearity: nonlinearity.or("leaky_relu"),
      generator: generator.or(null),
    },
    ({ tensor: target, a, mode, nonlinearity: name, generator: own }) => {
      requireFans(target, op);
      const scale = gainOf(name, a) ** 2;
      return fill(op, target, () =>
        core.varianceScaling({ scale, mode, distribution, ...axes })(nextKey(own), target.shape),
      );
    },
  );
/** U(-b, b) with b = gain sqrt(3 / fan). */
export const kaiming_uniform_ = kaiming("kaiming_uniform_", "uniform");
/** N(0, gain^2 / fan). */
export const kaiming_normal_ = kaiming("kaiming_normal_", "normal");

const xavier = (
  op: string,
  distribution: "uniform" | "normal",
): Fill<[gain: number, generator: Generator | null], { gain: number }> =>
  define(
    named(op),
    { tensor, gain: number.or(1), generator: generator.or(null) },
    ({ tensor: target, gain, generator: own }) => {
      requireFans(target, op);
      const scale = gain * gain;
      return fill(op, target, () =>
        core.varianceScaling({ scale, mode: "fan_avg", distribution, ...axes })(nextKey(own), target.shape),
      );
    },
  );
/** U(-b, b) with b = gain sqrt(6 / (fan_in + fan_out)). */
export const xavier_uniform_ = xavier("xavier_uniform_", "uniform");
/** N(0, gain^2 2 / (fan_in + fan_out)). */
export const xavier_normal_ = xavier("xavier_normal_", "normal");

/** U(a, b). */
export const uniform_: Fill<[a: number, b: number, generator: Generator | null], { a: number; b: number }> = define(
  named("uniform_"),
  { tensor, a: number.or(0), b: number.or(1), generator: generator.or(null) },
  ({ tensor: target, a, b, generator: own }) => core.noGrad(() => drawUniform(target, a, b, own, "b")),
);

/** N(mean, std^2). */
export const normal_: Fill<[mean: number, std: number, generator: Generator | null], { mean: number; std: number }> =
  define(
    named("normal_"),
    { tensor, mean: number.or(0), std: number.or(1), generator: generator.or(null) },
    ({ tensor: target, mean, std, generator: own }) => core.noGrad(() => drawNormal(target, mean, std, own)),
  );

const constant = (target: Tensor, value: number | boolean): Tensor => core.noGrad(() => target.fill_(value));

export const constant_: (tensor: Tensor, ...args: Args<[val: number], { val: number }>) => Tensor = define(
  named("constant_"),
  { tensor, val: scalar },
  ({ tensor: target, val }) => constant(target, val),
);
export const zeros_: (tensor: Tensor) => Tensor = define(named("zeros_"), { tensor }, (given) =>
  constant(given.tensor, 0),
);
export const ones_: (tensor: Tensor) => Tensor = define(named("ones_"), { tensor }, (given) =>
  constant(given.tensor, 1),
);

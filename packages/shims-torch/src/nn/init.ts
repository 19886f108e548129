// torch.nn.init: fills tensors in place. Weights are [out, in, ...]: fan_in counts dimension 1 and the receptive field.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, define, int, number, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { generator, scalar, tensor } from "../kinds.js";
import { drawNormal, drawUniform } from "../ops/inplace.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey, nextKeys } from "../random.js";
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

/** PyTorch's refusal of a tensor of another rank. */
function requireRank(op: string, target: Tensor, fits: boolean, ranks: string): void {
  if (fits) return;
  complain(core.ShapeError, `Only tensors with ${ranks} dimensions are supported`, {
    op,
    argument: "tensor",
    expected: `rank ${ranks}`,
    given: sizeText(target.shape),
  });
}

/**
 * Orthonormal rows, or columns where these are fewer, times `gain`; dimensions behind the first count as one. The decomposition runs on
 * the host. Throws ShapeError below rank 2.
 */
export const orthogonal_: Fill<[gain: number, generator: Generator | null], { gain: number }> = define(
  named("orthogonal_"),
  { tensor, gain: number.or(1), generator: generator.or(null) },
  ({ tensor: target, gain, generator: own }) => {
    requireRank("orthogonal_", target, target.rank >= 2, "2 or more");
    const { size, shape } = target.core;
    if (size === 0) return target;
    const [rows] = shape as [number];
    return fill("orthogonal_", target, () => {
      const drawn = core.orthogonal(gain)(nextKey(own), [rows, size / rows]);
      return core.scope(() => core.reshape(drawn, shape));
    });
  },
);

/** N(mean, std^2), of what lies in [a, b]: bounds are values, not multiples of std. */
export const trunc_normal_: Fill<
  [mean: number, std: number, a: number, b: number, generator: Generator | null],
  { mean: number; std: number; a: number; b: number }
> = define(
  named("trunc_normal_"),
  { tensor, mean: number.or(0), std: number.or(1), a: number.or(-2), b: number.or(2), generator: generator.or(null) },
  ({ tensor: target, mean, std, a, b, generator: own }) => {
    if (!(std > 0) || !(a <= b))
      throw new core.ArgumentError({
        op: "trunc_normal_",
        argument: std > 0 ? "b" : "std",
        expected: std > 0 ? `at least a, ${a}` : "above 0",
        given: `${std > 0 ? b : std}`,
      });
    return fill("trunc_normal_", target, () =>
      core.scope(() => {
        const z = core.truncatedNormal(nextKeys(own), target.shape, (a - mean) / std, (b - mean) / std);
        // Scaling rounds, which may lead out of the bounds.
        return core.clamp(core.add(core.mul(z, std), mean), a, b);
      }),
    );
  },
);

/** The identity matrix, as far as it goes. Throws ShapeError unless the tensor has 2 dimensions. */
export const eye_: (tensor: Tensor) => Tensor = define(named("eye_"), { tensor }, ({ tensor: target }) => {
  requireRank("eye_", target, target.rank === 2, "2");
  const [rows, columns] = target.shape as [number, number];
  return fill("eye_", target, () => core.eye(rows, columns));
});

/**
 * A weight of a convolution [out, in, ...] that gives its input back, in every group, as far as there are channels. Throws ShapeError
 * unless the tensor has 3 to 5 dimensions, the first a multiple of `groups`.
 */
export const dirac_: (tensor: Tensor, ...args: Args<[groups: number], { groups: number }>) => Tensor = define(
  named("dirac_"),
  { tensor, groups: int.or(1) },
  ({ tensor: target, groups }) => {
    requireRank("dirac_", target, target.rank >= 3 && target.rank <= 5, "3, 4, or 5");
    const [out, channels, ...taps] = target.shape as [number, number, ...number[]];
    if (!(groups >= 1) || out % groups !== 0)
      complain(core.ShapeError, "dim 0 must be divisible by groups", {
        op: "dirac_",
        argument: "groups",
        expected: `a divisor of ${out}`,
        given: `${groups}`,
      });
    const field = taps.reduce((size, extent) => size * extent, 1);
    const middle = taps.reduce((at, extent) => at * extent + Math.floor(extent / 2), 0);
    const each = out / groups;
    const values = new Float32Array(target.core.size);
    for (let group = 0; group < groups; group++)
      for (let d = 0; d < Math.min(each, channels); d++)
        values[((group * each + d) * channels + d) * field + middle] = 1;
    return fill("dirac_", target, () => core.fromData(values, target.shape));
  },
);

/**
 * N(0, std^2) but for the share `sparsity` of every column, rounded up, which is 0 at rows drawn by chance. Throws ShapeError unless the
 * tensor has 2 dimensions.
 */
export const sparse_: Fill<
  [sparsity: number, std: number, generator: Generator | null],
  { sparsity: number; std: number }
> = define(
  named("sparse_"),
  { tensor, sparsity: number, std: number.or(0.01), generator: generator.or(null) },
  ({ tensor: target, sparsity, std, generator: own }) => {
    requireRank("sparse_", target, target.rank === 2, "2");
    if (!(sparsity >= 0 && sparsity <= 1))
      throw new core.ArgumentError({
        op: "sparse_",
        argument: "sparsity",
        expected: "from 0 to 1",
        given: `${sparsity}`,
      });
    if (target.core.size === 0) return target;
    const zeros = Math.ceil(sparsity * (target.shape[0] as number));
    return fill("sparse_", target, () =>
      core.scope(() => {
        const values = core.mul(core.normal(nextKeys(own), target.shape), std);
        const order = core.argsort(core.uniform(nextKeys(own), target.shape), { axis: 0 });
        return core.where(core.less(core.argsort(order, { axis: 0 }), zeros), 0, values);
      }),
    );
  },
);

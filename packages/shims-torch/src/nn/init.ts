// torch.nn.init: fills tensors in place. Weights are [out, in, ...]: fan_in counts dimension 1 and the receptive field.
import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey } from "../random.js";
import { type Args, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";

const axes = { inAxis: 1, outAxis: 0 };

function fill(op: string, tensor: Tensor, compute: () => core.Tensor): Tensor {
  return core.noGrad(() => write(op, tensor, compute));
}

function requireFans(tensor: Tensor, op: string): void {
  if (tensor.rank >= 2) return;
  complain(core.ShapeError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions", {
    op,
    argument: "tensor",
    expected: "rank 2 or more",
    given: sizeText(tensor.shape),
  });
}

export type Nonlinearity = "linear" | "conv2d" | "sigmoid" | "tanh" | "relu" | "leaky_relu" | "selu";

/** Factor by which a layer before the given nonlinearity scales its initial weights. */
export function calculate_gain(nonlinearity: Nonlinearity, param = 0.01): number {
  const gains: Record<Nonlinearity, number> = {
    linear: 1,
    conv2d: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leaky_relu: Math.sqrt(2 / (1 + param * param)),
    selu: 3 / 4,
  };
  const gain = gains[nonlinearity];
  if (gain !== undefined) return gain;
  return complain(core.ArgumentError, `Unsupported nonlinearity ${nonlinearity}`, {
    op: "calculate_gain",
    argument: "nonlinearity",
    expected: Object.keys(gains).join(", "),
    given: `${nonlinearity}`,
  });
}

export interface KaimingArguments {
  /** Slope of the leaky ReLU that follows; default 0. */
  a: number;
  mode: "fan_in" | "fan_out";
  nonlinearity: Nonlinearity;
  generator: Generator | null;
}
const kaiming = { a: 0, mode: "fan_in", nonlinearity: "leaky_relu", generator: null };
const readers = {
  kaiming_uniform_: signature<KaimingArguments>("kaiming_uniform_", kaiming),
  kaiming_normal_: signature<KaimingArguments>("kaiming_normal_", kaiming),
};
type KaimingArgs = Args<[a: number, mode: "fan_in" | "fan_out", nonlinearity: Nonlinearity], KaimingArguments>;

function kaimingFill(op: keyof typeof readers, distribution: "uniform" | "normal") {
  return (tensor: Tensor, ...args: KaimingArgs): Tensor => {
    const { a, mode, nonlinearity, generator } = readers[op](args);
    requireFans(tensor, op);
    if (mode !== "fan_in" && mode !== "fan_out")
      complain(core.ArgumentError, `Mode ${mode} not supported, please use one of ['fan_in', 'fan_out']`, {
        op,
        argument: "mode",
        expected: "fan_in or fan_out",
        given: `${mode}`,
      });
    const scale = calculate_gain(nonlinearity, a) ** 2;
    return fill(op, tensor, () =>
      core.varianceScaling({ scale, mode, distribution, ...axes })(nextKey(generator), tensor.shape),
    );
  };
}
/** U(-b, b) with b = gain sqrt(3 / fan). */
export const kaiming_uniform_ = kaimingFill("kaiming_uniform_", "uniform");
/** N(0, gain^2 / fan). */
export const kaiming_normal_ = kaimingFill("kaiming_normal_", "normal");

interface XavierArguments {
  gain: number;
  generator: Generator | null;
}
const xavier = (op: string, distribution: "uniform" | "normal") => {
  const read = signature<XavierArguments>(op, { gain: 1, generator: null });
  return (tensor: Tensor, ...args: Args<[gain: number], XavierArguments>): Tensor => {
    const { gain, generator } = read(args);
    requireFans(tensor, op);
    const scale = gain * gain;
    return fill(op, tensor, () =>
      core.varianceScaling({ scale, mode: "fan_avg", distribution, ...axes })(nextKey(generator), tensor.shape),
    );
  };
};
/** U(-b, b) with b = gain sqrt(6 / (fan_in + fan_out)). */
export const xavier_uniform_ = xavier("xavier_uniform_", "uniform");
/** N(0, gain^2 2 / (fan_in + fan_out)). */
export const xavier_normal_ = xavier("xavier_normal_", "normal");

interface UniformArguments {
  a: number;
  b: number;
  generator: Generator | null;
}
const readUniform = signature<UniformArguments>("uniform_", { a: 0, b: 1, generator: null });
/** U(a, b). */
export function uniform_(tensor: Tensor, ...args: Args<[a: number, b: number], UniformArguments>): Tensor {
  const { a, b, generator } = readUniform(args);
  return fill("uniform_", tensor, () => core.uniform(nextKey(generator), tensor.shape, a, b));
}

interface NormalArguments {
  mean: number;
  std: number;
  generator: Generator | null;
}
const readNormal = signature<NormalArguments>("normal_", { mean: 0, std: 1, generator: null });
/** N(mean, std^2). */
export function normal_(tensor: Tensor, ...args: Args<[mean: number, std: number], NormalArguments>): Tensor {
  const { mean, std, generator } = readNormal(args);
  return fill("normal_", tensor, () => core.normal(nextKey(generator), tensor.shape, mean, std));
}

export const constant_ = (tensor: Tensor, val: number): Tensor =>
  fill("constant_", tensor, () => core.full(tensor.shape, val, tensor.core.dtype));
export const zeros_ = (tensor: Tensor): Tensor => constant_(tensor, 0);
export const ones_ = (tensor: Tensor): Tensor => constant_(tensor, 1);

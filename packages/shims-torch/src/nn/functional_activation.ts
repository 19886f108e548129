import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import * as E from "../ops/elementwise.js";
import * as R from "../ops/reduce.js";
import { type Generator, nextKey } from "../random.js";
import { type Args, only, required, signature } from "../signature.js";
import { type Tensor, wrap } from "../tensor.js";

/** `inplace` is taken and gives the same values, in memory of their own: the input is not overwritten. */
interface Inplace {
  inplace: boolean;
}
const readRelu = signature<{ input: Tensor } & Inplace>("relu", { input: required, inplace: false });
const readSilu = signature<{ input: Tensor } & Inplace>("silu", { input: required, inplace: false });

/** max(x, 0). */
export const relu = (...args: [input: Tensor, ...Args<[inplace: boolean], Inplace>]): Tensor =>
  E.relu(readRelu(args).input);
/** x sigmoid(x). */
export const silu = (...args: [input: Tensor, ...Args<[inplace: boolean], Inplace>]): Tensor =>
  wrap(core.silu(readSilu(args).input.core));
export const sigmoid = E.sigmoid;
export const tanh = E.tanh;

export interface GeluArguments {
  /** "none" for the exact form, "tanh" for the approximation. */
  approximate: "none" | "tanh";
}
const readGelu = signature<{ input: Tensor } & GeluArguments>("gelu", { input: required, approximate: "none" });

/** x Phi(x). */
export function gelu(...args: [input: Tensor, ...Args<[], GeluArguments>]): Tensor {
  const { input, approximate } = readGelu(args);
  if (approximate !== "none" && approximate !== "tanh")
    complain(core.ArgumentError, "approximate argument must be either none or tanh.", {
      op: "gelu",
      argument: "approximate",
      expected: "'none' or 'tanh'",
      given: `${approximate}`,
    });
  return wrap(core.gelu(input.core, approximate === "tanh"));
}

export interface LeakyReluArguments extends Inplace {
  negative_slope: number;
}
const readLeaky = signature<{ input: Tensor } & LeakyReluArguments>("leaky_relu", {
  input: required,
  negative_slope: 0.01,
  inplace: false,
});
/** x where positive, else negative_slope x. */
export function leaky_relu(
  ...args: [input: Tensor, ...Args<[negative_slope: number, inplace: boolean], LeakyReluArguments>]
): Tensor {
  const { input, negative_slope } = readLeaky(args);
  return wrap(core.leakyRelu(input.core, negative_slope));
}

export interface EluArguments extends Inplace {
  alpha: number;
}
const readElu = signature<{ input: Tensor } & EluArguments>("elu", { input: required, alpha: 1, inplace: false });
/** x where positive, else alpha (e^x - 1). */
export function elu(...args: [input: Tensor, ...Args<[alpha: number, inplace: boolean], EluArguments>]): Tensor {
  const { input, alpha } = readElu(args);
  return wrap(core.elu(input.core, alpha));
}

export interface SoftplusArguments {
  beta: number;
  /** Above this beta x the function is x itself. */
  threshold: number;
}
const readSoftplus = signature<{ input: Tensor } & SoftplusArguments>("softplus", {
  input: required,
  beta: 1,
  threshold: 20,
});
/** log(1 + e^(beta x)) / beta. */
export function softplus(
  ...args: [input: Tensor, ...Args<[beta: number, threshold: number], SoftplusArguments>]
): Tensor {
  const { input, beta, threshold } = readSoftplus(args);
  return core.scope(() => {
    const scaled = core.mul(input.core, beta);
    const soft = core.div(core.softplus(core.clamp(scaled, Number.NEGATIVE_INFINITY, threshold)), beta);
    return wrap(core.where(core.greater(scaled, threshold), input.core, soft));
  });
}

export interface SoftmaxFunctionArguments {
  dim: number | null;
  dtype: null;
}
const softmaxSpec = { input: required, dim: null, _stacklevel: only(3), dtype: only(null) };
const readSoftmax = signature<{ input: Tensor } & SoftmaxFunctionArguments>("softmax", softmaxSpec);
const readLogSoftmax = signature<{ input: Tensor } & SoftmaxFunctionArguments>("log_softmax", softmaxSpec);
/** PyTorch's own choice when dim is left out, which it calls deprecated. */
const implicitDim = (rank: number): number => (rank === 0 || rank === 1 || rank === 3 ? 0 : 1);

/** e^x over its sum along `dim`. */
export function softmax(...args: [input: Tensor, ...Args<[dim: number | null], SoftmaxFunctionArguments>]): Tensor {
  const { input, dim } = readSoftmax(args);
  return R.softmax(input, dim ?? implicitDim(input.rank));
}
/** Logarithm of softmax along `dim`. */
export function log_softmax(...args: [input: Tensor, ...Args<[dim: number | null], SoftmaxFunctionArguments>]): Tensor {
  const { input, dim } = readLogSoftmax(args);
  return R.log_softmax(input, dim ?? implicitDim(input.rank));
}

export interface DropoutArguments extends Inplace {
  /** Probability with which an element becomes zero. */
  p: number;
  training: boolean;
  /** Facet's own: the generator that draws; default the one of manual_seed. */
  generator: Generator | null;
}
const readDropout = signature<{ input: Tensor } & DropoutArguments>("dropout", {
  input: required,
  p: 0.5,
  training: true,
  inplace: false,
  generator: null,
});

/** Throws unless p is a probability, in PyTorch's words. */
export function requireProbability(op: string, p: number): void {
  if (typeof p === "number" && p >= 0 && p <= 1) return;
  complain(core.ArgumentError, `dropout probability has to be between 0 and 1, but got ${p}`, {
    op,
    argument: "p",
    expected: "a number from 0 to 1",
    given: `${p}`,
  });
}

/** Zeroes elements with probability p and scales the rest by 1 / (1 - p), when training; one draw of the generator. */
export function dropout(
  ...args: [input: Tensor, ...Args<[p: number, training: boolean, inplace: boolean], DropoutArguments>]
): Tensor {
  const { input, p, training, generator } = readDropout(args);
  requireProbability("dropout", p);
  if (!training || p === 0) return input;
  if (p === 1) return core.scope(() => wrap(core.mul(input.core, 0)));
  return wrap(core.dropout(input.core, p, nextKey(generator)));
}

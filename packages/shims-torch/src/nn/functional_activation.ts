import * as core from "@facet/autograd";
import { type Args, bool, define, int, number, oneOf, signature } from "@facet/dialect";
import type { Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { dtype as dtypeKind, generator, tensor } from "../kinds.js";
import * as R from "../ops/reduce.js";
import { requireFloat } from "../ops/scalar.js";
import * as U from "../ops/unary.js";
import { type Generator, nextKeys } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";

const named = (name: string): string => `torch.nn.functional.${name}`;

/** `inplace` is taken and gives the same values, in memory of their own: the input is not overwritten. */
interface Inplace {
  inplace: boolean;
}
const inplace = bool.or(false);

/** max(x, 0). */
export const relu: (input: Tensor, ...args: Args<[inplace: boolean], Inplace>) => Tensor = define(
  named("relu"),
  { input: tensor, inplace },
  ({ input }) => U.relu(input),
);
/** x sigmoid(x). */
export const silu: (input: Tensor, ...args: Args<[inplace: boolean], Inplace>) => Tensor = define(
  named("silu"),
  { input: tensor, inplace },
  ({ input }) => wrap(core.silu(floats("silu", input))),
);
export const sigmoid = U.sigmoid;
export const tanh = U.tanh;

export interface GeluArguments {
  /** "none" for the exact form, "tanh" for the approximation. */
  approximate: "none" | "tanh";
}
/** x Phi(x). */
export const gelu: (input: Tensor, ...args: Args<[], GeluArguments>) => Tensor = define(
  named("gelu"),
  { input: tensor, "*": null, approximate: oneOf("none", "tanh").or("none") },
  ({ input, approximate }) => wrap(core.gelu(floats("gelu", input), approximate === "tanh")),
);

export interface LeakyReluArguments extends Inplace {
  negative_slope: number;
}
/** x where positive, else negative_slope x. */
export const leaky_relu: (
  input: Tensor,
  ...args: Args<[negative_slope: number, inplace: boolean], LeakyReluArguments>
) => Tensor = define(
  named("leaky_relu"),
  { input: tensor, negative_slope: number.or(0.01), inplace },
  ({ input, negative_slope }) => wrap(core.leakyRelu(floats("leaky_relu", input), negative_slope)),
);

export interface EluArguments extends Inplace {
  alpha: number;
}
/** x where positive, else alpha (e^x - 1). */
export const elu: (input: Tensor, ...args: Args<[alpha: number, inplace: boolean], EluArguments>) => Tensor = define(
  named("elu"),
  { input: tensor, alpha: number.or(1), inplace },
  ({ input, alpha }) => wrap(core.elu(floats("elu", input), alpha)),
);

export interface SoftplusArguments {
  beta: number;
  /** Above this beta x the function is x itself. */
  threshold: number;
}
/** log(1 + e^(beta x)) / beta. */
export const softplus: (input: Tensor, ...args: Args<[beta: number, threshold: number], SoftplusArguments>) => Tensor =
  define(
    named("softplus"),
    { input: tensor, beta: number.or(1), threshold: number.or(20) },
    ({ input, beta, threshold }) => {
      requireFloat("softplus", "input", input.core.dtype);
      return core.scope(() => {
        const scaled = core.mul(input.core, beta);
        const soft = core.div(core.softplus(core.clamp(scaled, Number.NEGATIVE_INFINITY, threshold)), beta);
        return wrap(core.where(core.greater(scaled, threshold), input.core, soft));
      });
    },
  );

/** An input of floats, as the core takes it. */
function floats(op: string, input: Tensor): core.Tensor {
  requireFloat(op, "input", input.core.dtype);
  return input.core;
}

export interface SoftmaxFunctionArguments {
  dim: number | null;
  /** The dtype that the input is converted to first. */
  dtype: Dtype | null;
  /** Of PyTorch's warning about a dim that is left out. */
  _stacklevel: number;
}
/** PyTorch's own choice when dim is left out, which it calls deprecated. */
const implicitDim = (rank: number): number => (rank === 0 || rank === 1 || rank === 3 ? 0 : 1);
type SoftmaxArgs = Args<[dim: number | null, _stacklevel: number, dtype: Dtype | null], SoftmaxFunctionArguments>;
const softmaxRules = {
  input: tensor,
  dim: int.or(null),
  _stacklevel: int.or(3),
  dtype: dtypeKind.where("torch.float32", (dtype) => dtype.is_floating_point).or(null),
} as const;
/** e^x over its sum along `dim`. */
export const softmax: (input: Tensor, ...args: SoftmaxArgs) => Tensor = define(
  named("softmax"),
  softmaxRules,
  ({ input, dim, dtype }) => R.softmax(dtype ? input.float() : input, dim ?? implicitDim(input.rank)),
);
/** Logarithm of softmax along `dim`. */
export const log_softmax: (input: Tensor, ...args: SoftmaxArgs) => Tensor = define(
  named("log_softmax"),
  softmaxRules,
  ({ input, dim, dtype }) => R.log_softmax(dtype ? input.float() : input, dim ?? implicitDim(input.rank)),
);

export interface DropoutArguments extends Inplace {
  /** Probability with which an element becomes zero. */
  p: number;
  training: boolean;
  /** Facet's own: the generator that draws; default the one of manual_seed. */
  generator: Generator | null;
}
const readDropout = signature(named("dropout"), {
  input: tensor,
  p: number.or(0.5),
  training: bool.or(true),
  inplace,
  "*": null,
  generator: generator.or(null),
});

/** Throws unless p is a probability, in PyTorch's words. */
export function requireProbability(op: string, p: number): void {
  if (p >= 0 && p <= 1) return;
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
  requireFloat("dropout", "input", input.core.dtype);
  if (p === 1) return core.scope(() => wrap(core.mul(input.core, 0)));
  return wrap(core.dropout(input.core, p, nextKeys(generator)));
}

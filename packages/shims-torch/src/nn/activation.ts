// Activations as layers: a row each.
import { ShapeError } from "@facet/autograd";
import { bool, int, number, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { scalar, tensor } from "../kinds.js";
import { pythonFloat, pythonRepr, sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_activation.js";
import { type FunctionLayer, functionLayer, type LayerClass } from "./functional_layer.js";
import * as P from "./functional_pointwise.js";
import type { Input } from "./inputs.js";

/** `inplace` is printed and otherwise changes nothing: values are the same, the input is not overwritten. */
export interface Inplace {
  inplace: boolean;
}
type OfInput = { input: Tensor };
type OfNothing = LayerClass<[], object>;
type OfInplace = LayerClass<[inplace: boolean], Inplace>;
type OfDim = LayerClass<[dim: number | null], { dim: number | null }>;

const inputs = { input: tensor } as const;
const inplace = bool.or(false);
/** ", inplace=True" behind other settings, without the comma alone. */
const inplaceText = ({ inplace }: Inplace, before = ""): string =>
  [before, ...(inplace ? ["inplace=True"] : [])].filter((part) => part !== "").join(", ");

const plain = (name: string, f: (x: Tensor) => Tensor): OfNothing =>
  functionLayer(name, () => ({ rules: {}, inputs, forward: ({ input }: OfInput) => f(input) }));
/** With inplace alone; PyTorch does not print that of two. */
const alone = (name: string, f: (x: Tensor) => Tensor, printed = true): OfInplace =>
  functionLayer(name, () => ({
    rules: { inplace },
    inputs,
    forward: ({ input }: OfInput) => f(input),
    repr: printed ? inplaceText : undefined,
  }));
const along = (name: string, f: (x: Tensor, dim: number | null) => Tensor): OfDim =>
  functionLayer(name, () => ({
    rules: { dim: int.or(null) },
    inputs,
    forward: ({ input }: OfInput, { dim }: { dim: number | null }) => f(input, dim),
    repr: ({ dim }: { dim: number | null }) => `dim=${pythonRepr(dim)}`,
  }));

/** max(x, 0). */
export const ReLU: OfInplace = /* @__PURE__ */ alone("ReLU", (x) => F.relu(x));
/** x sigmoid(x). */
export const SiLU: OfInplace = /* @__PURE__ */ alone("SiLU", (x) => F.silu(x));
/** x tanh(softplus(x)). */
export const Mish: OfInplace = /* @__PURE__ */ alone("Mish", (x) => P.mish(x));
/** 1.0507 elu(x, 1.6733). */
export const SELU: OfInplace = /* @__PURE__ */ alone("SELU", (x) => P.selu(x));
/** relu6(x + 3) / 6. */
export const Hardsigmoid: OfInplace = /* @__PURE__ */ alone("Hardsigmoid", (x) => P.hardsigmoid(x), false);
/** x relu6(x + 3) / 6. */
export const Hardswish: OfInplace = /* @__PURE__ */ alone("Hardswish", (x) => P.hardswish(x), false);
/** x moved into [0, 6]. */
export const ReLU6: OfInplace = /* @__PURE__ */ alone("ReLU6", (x) => P.relu6(x));
/** 1 / (1 + e^-x). */
export const Sigmoid: OfNothing = /* @__PURE__ */ plain("Sigmoid", F.sigmoid);
/** Hyperbolic tangent. */
export const Tanh: OfNothing = /* @__PURE__ */ plain("Tanh", F.tanh);
/** log(sigmoid(x)). */
export const LogSigmoid: OfNothing = /* @__PURE__ */ plain("LogSigmoid", P.logsigmoid);
/** x / (1 + |x|). */
export const Softsign: OfNothing = /* @__PURE__ */ plain("Softsign", P.softsign);
/** x - tanh(x). */
export const Tanhshrink: OfNothing = /* @__PURE__ */ plain("Tanhshrink", P.tanhshrink);
/** e^x over its sum along `dim`. */
export const Softmax: OfDim = /* @__PURE__ */ along("Softmax", (x, dim) => F.softmax(x, dim));
/** softmax of -x along `dim`. */
export const Softmin: OfDim = /* @__PURE__ */ along("Softmin", (x, dim) => P.softmin(x, dim));
/** Logarithm of softmax along `dim`. */
export const LogSoftmax: OfDim = /* @__PURE__ */ along("LogSoftmax", (x, dim) => F.log_softmax(x, dim));

/** Softmax over the channels of images [N, C, H, W] or [C, H, W]. */
export const Softmax2d: OfNothing = /* @__PURE__ */ plain("Softmax2d", (x) => {
  if (x.rank !== 3 && x.rank !== 4)
    complain(ShapeError, `Softmax2d: expected input to be 3D or 4D, got ${x.rank}D instead`, {
      op: "Softmax2d",
      argument: "input",
      expected: "rank 3 or 4",
      given: sizeText(x.shape),
    });
  return F.softmax(x, -3);
});

/** x Phi(x), exact unless `approximate: "tanh"`. */
export const GELU: LayerClass<[approximate: "none" | "tanh"], F.GeluArguments> = /* @__PURE__ */ functionLayer(
  "GELU",
  () => ({
    rules: { approximate: oneOf("none", "tanh").or("none") },
    inputs,
    forward: ({ input }: OfInput, { approximate }: F.GeluArguments) => F.gelu(input, { approximate }),
    repr: ({ approximate }: F.GeluArguments) => `approximate=${pythonRepr(approximate)}`,
  }),
);
/** x where positive, else negative_slope x (default 0.01). */
export const LeakyReLU: LayerClass<[negative_slope: number, inplace: boolean], F.LeakyReluArguments> =
  /* @__PURE__ */ functionLayer("LeakyReLU", () => ({
    rules: { negative_slope: number.or(0.01), inplace },
    inputs,
    forward: ({ input }: OfInput, { negative_slope }: F.LeakyReluArguments) => F.leaky_relu(input, negative_slope),
    repr: (self: F.LeakyReluArguments) => inplaceText(self, `negative_slope=${pythonRepr(self.negative_slope)}`),
  }));
type Alpha = Inplace & { alpha: number };
const scaled = (
  name: string,
  f: (x: Tensor, alpha: number) => Tensor,
): LayerClass<[alpha: number, inplace: boolean], Alpha> =>
  functionLayer(name, () => ({
    rules: { alpha: number.or(1), inplace },
    inputs,
    forward: ({ input }: OfInput, { alpha }: Alpha) => f(input, alpha),
    repr: (self: Alpha) => inplaceText(self, `alpha=${pythonFloat(self.alpha)}`),
  }));
/** x where positive, else alpha (e^x - 1); alpha 1 unless given. */
export const ELU: LayerClass<[alpha: number, inplace: boolean], Alpha> = /* @__PURE__ */ scaled("ELU", (x, alpha) =>
  F.elu(x, alpha),
);
/** x where positive, else alpha (e^(x / alpha) - 1); alpha 1 unless given. */
export const CELU: LayerClass<[alpha: number, inplace: boolean], Alpha> = /* @__PURE__ */ scaled("CELU", (x, alpha) =>
  P.celu(x, alpha),
);
/** log(1 + e^(beta x)) / beta; x itself above the threshold. */
export const Softplus: LayerClass<[beta: number, threshold: number], F.SoftplusArguments> =
  /* @__PURE__ */ functionLayer("Softplus", () => ({
    rules: { beta: number.or(1), threshold: number.or(20) },
    inputs,
    forward: ({ input }: OfInput, { beta, threshold }: F.SoftplusArguments) => F.softplus(input, beta, threshold),
    repr: ({ beta, threshold }: F.SoftplusArguments) =>
      `beta=${pythonFloat(beta)}, threshold=${pythonFloat(threshold)}`,
  }));
type Lambd = { lambd: number };
const shrunk = (name: string, f: (x: Tensor, lambd: number) => Tensor): LayerClass<[lambd: number], Lambd> =>
  functionLayer(name, () => ({
    rules: { lambd: number.or(0.5) },
    inputs,
    forward: ({ input }: OfInput, { lambd }: Lambd) => f(input, lambd),
    repr: ({ lambd }: Lambd) => pythonRepr(lambd),
  }));
/** x moved towards 0 by lambd, 0 where |x| is at most that. */
export const Softshrink: LayerClass<[lambd: number], Lambd> = /* @__PURE__ */ shrunk("Softshrink", (x, lambd) =>
  P.softshrink(x, lambd),
);
/** 0 where |x| is at most lambd, else x. */
export const Hardshrink: LayerClass<[lambd: number], Lambd> = /* @__PURE__ */ shrunk("Hardshrink", (x, lambd) =>
  P.hardshrink(x, lambd),
);

type HardtanhSettings = Inplace & { min_val: number; max_val: number };
type HardtanhArguments = HardtanhSettings & { min_value: number | null; max_value: number | null };
/** x moved into [min_val, max_val]. `min_value` and `max_value` are older names. */
export const Hardtanh: LayerClass<
  [min_val: number, max_val: number, inplace: boolean, min_value: number | null, max_value: number | null],
  HardtanhArguments,
  Input,
  HardtanhSettings
> = /* @__PURE__ */ functionLayer("Hardtanh", () => ({
  rules: {
    min_val: number.or(-1),
    max_val: number.or(1),
    inplace,
    min_value: number.or(null),
    max_value: number.or(null),
  },
  inputs,
  keep: ({ min_val, max_val, inplace, min_value, max_value }: HardtanhArguments) => ({
    min_val: min_value ?? min_val,
    max_val: max_value ?? max_val,
    inplace,
  }),
  forward: ({ input }: OfInput, { min_val, max_val }: HardtanhSettings) => P.hardtanh(input, min_val, max_val),
  repr: (self: HardtanhSettings) =>
    inplaceText(self, `min_val=${pythonRepr(self.min_val)}, max_val=${pythonRepr(self.max_val)}`),
}));
/** x where above the threshold, else the value. */
export const Threshold: LayerClass<[threshold: number, value: number, inplace: boolean], P.ThresholdArguments> =
  /* @__PURE__ */ functionLayer("Threshold", () => ({
    rules: { threshold: scalar, value: scalar, inplace },
    inputs,
    forward: ({ input }: OfInput, { threshold, value }: P.ThresholdArguments) =>
      P.threshold(input, { threshold, value }),
    repr: (self: P.ThresholdArguments) =>
      inplaceText(self, `threshold=${pythonRepr(self.threshold)}, value=${pythonRepr(self.value)}`),
  }));
type RreluSettings = Omit<P.RreluArguments, "training">;
/** leaky_relu with a slope for each element, drawn from [lower, upper) when training, else their mean. */
export const RReLU: LayerClass<[lower: number, upper: number, inplace: boolean], RreluSettings> =
  /* @__PURE__ */ functionLayer("RReLU", () => ({
    rules: { lower: number.or(1 / 8), upper: number.or(1 / 3), inplace },
    inputs,
    forward: ({ input }: OfInput, { lower, upper, training }: P.RreluArguments) =>
      P.rrelu(input, { lower, upper, training }),
    repr: (self: RreluSettings) =>
      inplaceText(self, `lower=${pythonRepr(self.lower)}, upper=${pythonRepr(self.upper)}`),
  }));
/** The first half along a dimension times the sigmoid of the second. */
export const GLU: LayerClass<[dim: number], { dim: number }> = /* @__PURE__ */ functionLayer("GLU", () => ({
  rules: { dim: int.or(-1) },
  inputs,
  forward: ({ input }: OfInput, { dim }: { dim: number }) => P.glu(input, dim),
  repr: ({ dim }: { dim: number }) => `dim=${dim}`,
}));

export type ReLU = FunctionLayer<Inplace>;
export type SiLU = FunctionLayer<Inplace>;
export type Mish = FunctionLayer<Inplace>;
export type SELU = FunctionLayer<Inplace>;
export type Hardsigmoid = FunctionLayer<Inplace>;
export type Hardswish = FunctionLayer<Inplace>;
export type ReLU6 = FunctionLayer<Inplace>;
export type Sigmoid = FunctionLayer<object>;
export type Tanh = FunctionLayer<object>;
export type LogSigmoid = FunctionLayer<object>;
export type Softsign = FunctionLayer<object>;
export type Tanhshrink = FunctionLayer<object>;
export type Softmax = FunctionLayer<{ dim: number | null }>;
export type Softmin = FunctionLayer<{ dim: number | null }>;
export type LogSoftmax = FunctionLayer<{ dim: number | null }>;
export type Softmax2d = FunctionLayer<object>;
export type GELU = FunctionLayer<F.GeluArguments>;
export type LeakyReLU = FunctionLayer<F.LeakyReluArguments>;
export type ELU = FunctionLayer<Alpha>;
export type CELU = FunctionLayer<Alpha>;
export type Softplus = FunctionLayer<F.SoftplusArguments>;
export type Softshrink = FunctionLayer<Lambd>;
export type Hardshrink = FunctionLayer<Lambd>;
export type Hardtanh = FunctionLayer<HardtanhSettings>;
export type Threshold = FunctionLayer<P.ThresholdArguments>;
export type RReLU = FunctionLayer<RreluSettings>;
export type GLU = FunctionLayer<{ dim: number }>;

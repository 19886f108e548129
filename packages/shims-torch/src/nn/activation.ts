import { type Args, bool, int, number, oneOf, signature } from "@facet/dialect";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_activation.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";

/** `inplace` is printed and otherwise changes nothing: values are the same, the input is not overwritten. */
interface Inplace {
  inplace: boolean;
}
type InplaceArgs = Args<[inplace: boolean], Inplace>;
const inplaceText = (on: boolean): string => (on ? "inplace=True" : "");
const inplace = bool.or(false);
const readRelu = signature("torch.nn.ReLU", { inplace });
const readSilu = signature("torch.nn.SiLU", { inplace });
const readSigmoid = signature("torch.nn.Sigmoid", {});
const readTanh = signature("torch.nn.Tanh", {});
const inputs = {
  relu: inputOf("ReLU"),
  silu: inputOf("SiLU"),
  sigmoid: inputOf("Sigmoid"),
  tanh: inputOf("Tanh"),
  gelu: inputOf("GELU"),
  leaky_relu: inputOf("LeakyReLU"),
  elu: inputOf("ELU"),
  softplus: inputOf("Softplus"),
  softmax: inputOf("Softmax"),
  log_softmax: inputOf("LogSoftmax"),
};

/** max(x, 0). */
export class ReLU extends Module {
  readonly inplace: boolean;
  constructor(...args: InplaceArgs) {
    super();
    this.inplace = readRelu(args).inplace;
  }
  override forward(...args: Input): Tensor {
    return F.relu(inputs.relu(args).input);
  }
  override extra_repr(): string {
    return inplaceText(this.inplace);
  }
}

/** x sigmoid(x). */
export class SiLU extends Module {
  readonly inplace: boolean;
  constructor(...args: InplaceArgs) {
    super();
    this.inplace = readSilu(args).inplace;
  }
  override forward(...args: Input): Tensor {
    return F.silu(inputs.silu(args).input);
  }
  override extra_repr(): string {
    return inplaceText(this.inplace);
  }
}

/** 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  constructor(...args: []) {
    super();
    readSigmoid(args);
  }
  override forward(...args: Input): Tensor {
    return F.sigmoid(inputs.sigmoid(args).input);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  constructor(...args: []) {
    super();
    readTanh(args);
  }
  override forward(...args: Input): Tensor {
    return F.tanh(inputs.tanh(args).input);
  }
}

const readGelu = signature("torch.nn.GELU", { approximate: oneOf("none", "tanh").or("none") });

/** x Phi(x), exact unless `approximate: "tanh"`. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor(...args: Args<[approximate: "none" | "tanh"], F.GeluArguments>) {
    super();
    this.approximate = readGelu(args).approximate;
  }
  override forward(...args: Input): Tensor {
    return F.gelu(inputs.gelu(args).input, { approximate: this.approximate });
  }
  override extra_repr(): string {
    return `approximate=${pythonRepr(this.approximate)}`;
  }
}

const readLeaky = signature("torch.nn.LeakyReLU", { negative_slope: number.or(0.01), inplace });

/** x where positive, else negative_slope x (default 0.01). */
export class LeakyReLU extends Module {
  readonly negative_slope: number;
  readonly inplace: boolean;
  constructor(...args: Args<[negative_slope: number, inplace: boolean], F.LeakyReluArguments>) {
    super();
    const { negative_slope, inplace } = readLeaky(args);
    this.negative_slope = negative_slope;
    this.inplace = inplace;
  }
  override forward(...args: Input): Tensor {
    return F.leaky_relu(inputs.leaky_relu(args).input, this.negative_slope);
  }
  override extra_repr(): string {
    return `negative_slope=${pythonRepr(this.negative_slope)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

const readElu = signature("torch.nn.ELU", { alpha: number.or(1), inplace });

/** x where positive, else alpha (e^x - 1); alpha 1 unless given. */
export class ELU extends Module {
  readonly alpha: number;
  readonly inplace: boolean;
  constructor(...args: Args<[alpha: number, inplace: boolean], F.EluArguments>) {
    super();
    const { alpha, inplace } = readElu(args);
    this.alpha = alpha;
    this.inplace = inplace;
  }
  override forward(...args: Input): Tensor {
    return F.elu(inputs.elu(args).input, this.alpha);
  }
  override extra_repr(): string {
    return `alpha=${pythonFloat(this.alpha)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

const readSoftplus = signature("torch.nn.Softplus", { beta: number.or(1), threshold: number.or(20) });

/** log(1 + e^(beta x)) / beta; x itself above the threshold. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;
  constructor(...args: Args<[beta: number, threshold: number], F.SoftplusArguments>) {
    super();
    const { beta, threshold } = readSoftplus(args);
    this.beta = beta;
    this.threshold = threshold;
  }
  override forward(...args: Input): Tensor {
    return F.softplus(inputs.softplus(args).input, this.beta, this.threshold);
  }
  override extra_repr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`;
  }
}

interface DimArgument {
  dim: number | null;
}
type DimArgs = Args<[dim: number | null], DimArgument>;
const readSoftmax = signature("torch.nn.Softmax", { dim: int.or(null) });
const readLogSoftmax = signature("torch.nn.LogSoftmax", { dim: int.or(null) });

/** e^x over its sum along `dim`. */
export class Softmax extends Module {
  readonly dim: number | null;
  constructor(...args: DimArgs) {
    super();
    this.dim = readSoftmax(args).dim;
  }
  override forward(...args: Input): Tensor {
    return F.softmax(inputs.softmax(args).input, this.dim);
  }
  override extra_repr(): string {
    return `dim=${pythonRepr(this.dim)}`;
  }
}

/** Logarithm of softmax along `dim`. */
export class LogSoftmax extends Module {
  readonly dim: number | null;
  constructor(...args: DimArgs) {
    super();
    this.dim = readLogSoftmax(args).dim;
  }
  override forward(...args: Input): Tensor {
    return F.log_softmax(inputs.log_softmax(args).input, this.dim);
  }
  override extra_repr(): string {
    return `dim=${pythonRepr(this.dim)}`;
  }
}

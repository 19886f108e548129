import { pythonFloat, pythonRepr } from "../python.js";
import { type Args, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_activation.js";
import { Module } from "./module.js";

/** `inplace` is printed and otherwise changes nothing: values are the same, the input is not overwritten. */
interface Inplace {
  inplace: boolean;
}
type InplaceArgs = Args<[inplace: boolean], Inplace>;
const inplaceText = (on: boolean): string => (on ? "inplace=True" : "");
const readRelu = signature<Inplace>("ReLU", { inplace: false });
const readSilu = signature<Inplace>("SiLU", { inplace: false });
const readNothing = (fn: string) => signature<object>(fn, {});

/** max(x, 0). */
export class ReLU extends Module {
  readonly inplace: boolean;
  constructor(...args: InplaceArgs) {
    super();
    this.inplace = readRelu(args).inplace;
  }
  override forward(input: Tensor): Tensor {
    return F.relu(input);
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
  override forward(input: Tensor): Tensor {
    return F.silu(input);
  }
  override extra_repr(): string {
    return inplaceText(this.inplace);
  }
}

/** 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  constructor(...args: unknown[]) {
    super();
    readNothing("Sigmoid")(args);
  }
  override forward(input: Tensor): Tensor {
    return F.sigmoid(input);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  constructor(...args: unknown[]) {
    super();
    readNothing("Tanh")(args);
  }
  override forward(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

const readGelu = signature<F.GeluArguments>("GELU", { approximate: "none" });

/** x Phi(x), exact unless `approximate: "tanh"`. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor(...args: Args<[approximate: "none" | "tanh"], F.GeluArguments>) {
    super();
    this.approximate = readGelu(args).approximate;
  }
  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }
  override extra_repr(): string {
    return `approximate=${pythonRepr(this.approximate)}`;
  }
}

const readLeaky = signature<F.LeakyReluArguments>("LeakyReLU", { negative_slope: 0.01, inplace: false });

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
  override forward(input: Tensor): Tensor {
    return F.leaky_relu(input, this.negative_slope);
  }
  override extra_repr(): string {
    return `negative_slope=${pythonRepr(this.negative_slope)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

const readElu = signature<F.EluArguments>("ELU", { alpha: 1, inplace: false });

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
  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha);
  }
  override extra_repr(): string {
    return `alpha=${pythonFloat(this.alpha)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

const readSoftplus = signature<F.SoftplusArguments>("Softplus", { beta: 1, threshold: 20 });

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
  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }
  override extra_repr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`;
  }
}

interface DimArgument {
  dim: number | null;
}
type DimArgs = Args<[dim: number | null], DimArgument>;
const readSoftmax = signature<DimArgument>("Softmax", { dim: null });
const readLogSoftmax = signature<DimArgument>("LogSoftmax", { dim: null });

/** e^x over its sum along `dim`. */
export class Softmax extends Module {
  readonly dim: number | null;
  constructor(...args: DimArgs) {
    super();
    this.dim = readSoftmax(args).dim;
  }
  override forward(input: Tensor): Tensor {
    return F.softmax(input, this.dim);
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
  override forward(input: Tensor): Tensor {
    return F.log_softmax(input, this.dim);
  }
  override extra_repr(): string {
    return `dim=${pythonRepr(this.dim)}`;
  }
}

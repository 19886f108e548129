import { type Args, bool, int, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { placement, tensor } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { bilinear } from "./functional_mixed.js";
import { uniform_ } from "./init.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";

export interface BilinearArguments {
  in1_features: number;
  in2_features: number;
  out_features: number;
  bias: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
const read = signature("torch.nn.Bilinear", {
  in1_features: int,
  in2_features: int,
  out_features: int,
  bias: bool.or(true),
  ...placement,
});
const inputs = signature("torch.nn.Bilinear.forward", { input1: tensor, input2: tensor });
const readReset = signature("torch.nn.Bilinear.reset_parameters", {});

/** x1' W x2 + b for every output. Weight [out, in1, in2] and bias initially U(+-1 / sqrt(in1)). */
export class Bilinear extends Module {
  readonly in1_features: number;
  readonly in2_features: number;
  readonly out_features: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(
    ...args: Args<[in1_features: number, in2_features: number, out_features: number, bias: boolean], BilinearArguments>
  ) {
    super();
    const { in1_features, in2_features, out_features, bias, ...place } = read(args);
    placed("Bilinear", place);
    requireExtents("Bilinear", { in1_features }, 1);
    requireExtents("Bilinear", { in2_features, out_features });
    this.in1_features = in1_features;
    this.in2_features = in2_features;
    this.out_features = out_features;
    this.weight = new Parameter(zeros(out_features, in1_features, in2_features));
    this.register_parameter("bias", bias ? new Parameter(zeros(out_features)) : null);
    this.reset_parameters();
  }
  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    const bound = 1 / Math.sqrt(this.in1_features);
    for (const each of [this.weight, this.bias]) if (each) uniform_(each, -bound, bound);
  }
  override forward(...args: Args<[input1: Tensor, input2: Tensor], { input1: Tensor; input2: Tensor }>): Tensor {
    const { input1, input2 } = inputs(args);
    return bilinear(input1, input2, this.weight, this.bias);
  }
  override extra_repr(): string {
    return `in1_features=${this.in1_features}, in2_features=${this.in2_features}, out_features=${this.out_features}, bias=${pythonRepr(this.bias !== null)}`;
  }
}

import { ArgumentError } from "@facet/autograd";
import { zeros } from "../ops/creation.js";
import { linear } from "../ops/linalg.js";
import { pythonRepr } from "../python.js";
import { type Args, only, required, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import { initialise } from "./conv.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface LinearArguments {
  in_features: number;
  out_features: number;
  /** Default true. */
  bias: boolean;
}
const read = signature<LinearArguments>("Linear", {
  in_features: required,
  out_features: required,
  bias: true,
  device: only(null),
  dtype: only(null),
});

/** x W^T + b over the last dimension. Weight [out, in] and bias initially U(+-1 / sqrt(in)). */
export class Linear extends Module {
  readonly in_features: number;
  readonly out_features: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(...args: [in_features: number, out_features: number, ...Args<[bias: boolean], LinearArguments>]) {
    super();
    const { in_features, out_features, bias } = read(args);
    for (const [argument, value] of Object.entries({ in_features, out_features })) {
      if (!(Number.isInteger(value) && value > 0))
        throw new ArgumentError({ op: "Linear", argument, expected: "a positive integer", given: `${value}` });
    }
    this.in_features = in_features;
    this.out_features = out_features;
    this.weight = new Parameter(zeros(out_features, in_features));
    this.register_parameter("bias", bias ? new Parameter(zeros(out_features)) : null);
    this.reset_parameters();
  }

  /** Draws new initial values. */
  reset_parameters(): void {
    initialise(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${pythonRepr(this.bias !== null)}`;
  }
}

import { ArgumentError } from "@facet/autograd";
import { type Args, bool, int, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { placement } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { linear } from "../ops/linalg.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { initialise } from "./conv.js";
import { givenOf } from "./deferred.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { isUninitialized, UninitializedParameter } from "./uninitialized.js";

export interface LinearArguments {
  in_features: number;
  out_features: number;
  /** Default true. */
  bias: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
/** in_features is null of a layer that waits for its first input. */
type LinearGiven = Omit<LinearArguments, "in_features"> & { in_features: number | null };
const read = signature("torch.nn.Linear", {
  in_features: int,
  out_features: int,
  bias: bool.or(true),
  ...placement,
});
const inputs = inputOf("Linear");
const readReset = signature("torch.nn.Linear.reset_parameters", {});

/** x W^T + b over the last dimension. Weight [out, in] and bias initially U(+-1 / sqrt(in)). */
export class Linear extends Module {
  readonly in_features: number;
  readonly out_features: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(...args: Args<[in_features: number, out_features: number, bias: boolean], LinearArguments>) {
    super();
    const { in_features, out_features, bias, ...place } = givenOf<LinearGiven>(args, read);
    placed("Linear", place);
    for (const [argument, value] of Object.entries({ in_features, out_features })) {
      if (value !== null && value <= 0)
        throw new ArgumentError({ op: "Linear", argument, expected: "a positive integer", given: `${value}` });
    }
    this.in_features = in_features ?? 0;
    this.out_features = out_features;
    const parameter = (...shape: number[]): Parameter =>
      in_features === null ? new UninitializedParameter() : new Parameter(zeros(...shape));
    this.weight = parameter(out_features, this.in_features);
    this.register_parameter("bias", bias ? parameter(out_features) : null);
    this.reset_parameters();
  }

  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    if (!isUninitialized(this.weight)) initialise(this.weight, this.bias);
  }

  override forward(...args: Input): Tensor {
    return linear(inputs(args).input, this.weight, this.bias);
  }

  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${pythonRepr(this.bias !== null)}`;
  }
}

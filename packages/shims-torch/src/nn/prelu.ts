import { type Args, int, number, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { placement } from "../kinds.js";
import { full } from "../ops/creation.js";
import type { Tensor } from "../tensor.js";
import { prelu } from "./functional_pointwise.js";
import { constant_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";

const read = signature("torch.nn.PReLU", { num_parameters: int.or(1), init: number.or(0.25), ...placement });
const inputs = inputOf("PReLU");
const readReset = signature("torch.nn.PReLU.reset_parameters", {});

/** x where positive, else a learned slope of its channel (dimension 1), or the one there is, times x. */
export class PReLU extends Module {
  readonly num_parameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(
    ...args: Args<
      [num_parameters: number, init: number],
      { num_parameters: number; init: number; device: Device | string | null; dtype: Dtype | null }
    >
  ) {
    super();
    const { num_parameters, init, ...place } = read(args);
    placed("PReLU", place);
    requireExtents("PReLU", { num_parameters });
    this.num_parameters = num_parameters;
    this.init = init;
    this.weight = new Parameter(full([num_parameters], init).float());
  }
  /** The slope that it was made with. */
  reset_parameters(...args: []): void {
    readReset(args);
    constant_(this.weight, this.init);
  }
  override forward(...args: Input): Tensor {
    return prelu(inputs(args).input, this.weight);
  }
  override extra_repr(): string {
    return `num_parameters=${this.num_parameters}`;
  }
}

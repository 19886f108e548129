// Activations of jax.nn under nnx' names, and PReLU.
import { number, signature, type Values } from "@facet/dialect";
import { array, where } from "@facet/shims-jax/numpy";
import { type ArrayLike, arrayLike, type Given, type JaxArray } from "@facet/shims-jax/parts";
import { floats } from "../layers/dense.js";
import { dtype, metadata, param_dtype, promote_dtype } from "../rules.js";
import { Module } from "./module.js";
import { Param } from "./variable.js";

export {
  celu,
  elu,
  gelu,
  glu,
  hard_sigmoid,
  hard_silu,
  hard_swish,
  hard_tanh,
  identity,
  leaky_relu,
  log_sigmoid,
  log_softmax,
  logsumexp,
  one_hot,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  soft_sign,
  softmax,
  softplus,
  swish,
  tanh,
} from "@facet/shims-jax/nn";

const PRELU = {
  negative_slope_init: number.or(0.01),
  "*": null,
  dtype,
  param_dtype,
  promote_dtype,
  negative_slope_metadata: metadata,
} as const;
const read = {
  make: signature("flax.nnx.PReLU", PRELU),
  call: signature("flax.nnx.PReLU.__call__", { inputs: arrayLike }),
};

/** nnx.PReLU: x where it is at least 0, else a trained slope times x. */
export class PReLU extends Module {
  declare readonly negative_slope: Param;
  constructor(...args: Given<[], [negative_slope_init: number], Omit<Values<typeof PRELU>, "*">>) {
    super();
    this.negative_slope = new Param(array(read.make(args).negative_slope_init));
  }
  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("PReLU", read.call(args).inputs);
    return where(x.greater_equal(0), x, x.mul(this.negative_slope.value));
  }
}

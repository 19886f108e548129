// linen.Dropout, Sequential and PReLU.
import { ArgumentError } from "@facet/autograd";
import { func, instance, int, type Kind, listOf, number, signature, string, type Values } from "@facet/dialect";
import { array, where } from "@facet/shims-jax/numpy";
import { type ArrayLike, arrayLike, type Given, type JaxArray, type PRNGKeyArray } from "@facet/shims-jax/parts";
import { Callable } from "../callable.js";
import { floats } from "../layers/dense.js";
import { dropped, firstOf } from "../layers/dropout.js";
import { flag, key, param_dtype } from "../rules.js";
import { Module, STANDING } from "./module.js";

// biome-ignore lint/suspicious/noExplicitAny: layers of all kinds stand one after another.
type Any = any;

const DROPOUT = {
  rate: number.where("a number from 0 to 1", (rate) => rate >= 0 && rate <= 1),
  broadcast_dims: listOf(int).or([]),
  deterministic: flag,
  rng_collection: string.or("dropout"),
  ...STANDING,
} as const;
const layer = (func as Kind<(...inputs: Any[]) => Any>).either(
  instance(() => Callable, "a module") as Kind<(...inputs: Any[]) => Any>,
);
const read = {
  Dropout: signature("flax.linen.Dropout", DROPOUT),
  callDropout: signature("flax.linen.Dropout.__call__", { inputs: arrayLike, deterministic: flag, rng: key.or(null) }),
  Sequential: signature("flax.linen.Sequential", { layers: listOf(layer), ...STANDING }),
  PReLU: signature("flax.linen.PReLU", { param_dtype, negative_slope_init: number.or(0.01), ...STANDING }),
  callPrelu: signature("flax.linen.PReLU.__call__", { inputs: arrayLike }),
};

/** linen.Dropout: leaves elements out with probability `rate`, unless `deterministic`; its key is one of the name `rng_collection`. */
export class Dropout extends Module {
  declare readonly rate: number;
  declare readonly broadcast_dims: readonly number[];
  declare readonly deterministic: boolean | null;
  declare readonly rng_collection: string;

  constructor(...args: Given<[rate: number], [broadcast_dims: readonly number[]], Values<typeof DROPOUT>>) {
    super(read.Dropout(args));
  }
  override __call__(
    ...args: Given<
      [inputs: ArrayLike],
      [deterministic: boolean | null, rng: PRNGKeyArray | null],
      { deterministic: boolean | null; rng: PRNGKeyArray | null }
    >
  ): JaxArray {
    const { inputs, deterministic, rng } = read.callDropout(args);
    const off = firstOf("Dropout", "deterministic", this.deterministic, deterministic);
    if (this.rate === 0 || off) return floats("Dropout", inputs);
    return dropped(inputs, this.rate, this.broadcast_dims, () => rng ?? this.make_rng(this.rng_collection));
  }
}

/** linen.Sequential: functions and modules one after another. A list that one returns is the next one's arguments. */
export class Sequential extends Module {
  declare readonly layers: readonly ((...inputs: Any[]) => Any)[];

  constructor(
    ...args: Given<
      [layers: readonly ((...inputs: Any[]) => Any)[]],
      [],
      { layers: readonly ((...inputs: Any[]) => Any)[]; name: string | null }
    >
  ) {
    super(read.Sequential(args));
  }
  override __call__(...inputs: Any[]): Any {
    if (this.layers.length === 0)
      throw new ArgumentError({ op: "Sequential", argument: "layers", expected: "at least one layer", given: "none" });
    let given = inputs;
    let output: Any;
    for (const layer of this.layers) {
      output = layer(...given);
      given = Array.isArray(output) ? output : [output];
    }
    return output;
  }
}

/** linen.PReLU: x where it is at least 0, else a trained slope times x. */
export class PReLU extends Module {
  declare readonly negative_slope_init: number;
  constructor(...args: Given<[], [], { negative_slope_init: number; name: string | null }>) {
    super(read.PReLU(args));
  }
  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("PReLU", read.callPrelu(args).inputs);
    const slope = this.param("negative_slope", () => array(this.negative_slope_init));
    return where(x.greater_equal(0), x, x.mul(slope));
  }
}

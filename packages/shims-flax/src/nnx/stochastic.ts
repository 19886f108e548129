// nnx.Dropout.
import { ArgumentError } from "@facet/autograd";
import { bool, int, listOf, number, signature, string, type Values } from "@facet/dialect";
import { type ArrayLike, arrayLike, type Given, type JaxArray, type PRNGKeyArray } from "@facet/shims-jax/parts";
import { floats } from "../layers/dense.js";
import { dropped, firstOf } from "../layers/dropout.js";
import { flag } from "../rules.js";
import { Module } from "./module.js";
import { type Keys, keysKind, nextKey, RngStream, Rngs, streamOf } from "./rngs.js";

const DROPOUT = {
  rate: number.where("a number from 0 to 1", (rate) => rate >= 0 && rate <= 1),
  "*": null,
  broadcast_dims: listOf(int).or([]),
  deterministic: bool.orNone.or(false),
  rng_collection: string.or("dropout"),
  rngs: keysKind.or(null),
} as const;
const read = {
  make: signature("flax.nnx.Dropout", DROPOUT),
  call: signature("flax.nnx.Dropout.__call__", {
    inputs: arrayLike,
    "*": null,
    deterministic: flag,
    rngs: keysKind.or(null),
  }),
};

/** nnx.Dropout: leaves elements out with probability `rate`, unless `deterministic`. Its keys are a stream of its own. */
export class Dropout extends Module {
  declare readonly rate: number;
  declare readonly broadcast_dims: readonly number[];
  declare deterministic: boolean | null;
  declare readonly rng_collection: string;
  declare readonly rngs: RngStream | null;

  constructor(...args: Given<[rate: number], [], Omit<Values<typeof DROPOUT>, "*">>) {
    super();
    const { rate, broadcast_dims, deterministic, rng_collection, rngs } = read.make(args);
    const stream =
      rngs instanceof Rngs ? streamOf(rngs, rng_collection).fork() : rngs instanceof RngStream ? rngs.fork() : null;
    if (rngs !== null && stream === null)
      throw new ArgumentError({ op: "Dropout", argument: "rngs", expected: "nnx.Rngs or a stream", given: "a key" });
    Object.assign(this, { rate, broadcast_dims, deterministic, rng_collection, rngs: stream });
  }

  override __call__(
    ...args: Given<[inputs: ArrayLike], [], { deterministic: boolean | null; rngs: Keys | null }>
  ): JaxArray {
    const { inputs, deterministic, rngs } = read.call(args);
    const off = firstOf("Dropout", "deterministic", deterministic, this.deterministic);
    if (this.rate === 0 || off) return floats("Dropout", inputs);
    const keys: Keys =
      this.rate === 1 ? (null as never) : (firstOf("Dropout", "rngs", rngs, this.rngs) as Keys | RngStream as Keys);
    return dropped(inputs, this.rate, this.broadcast_dims, (): PRNGKeyArray => nextKey(keys, this.rng_collection));
  }
}

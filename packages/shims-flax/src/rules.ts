// What arguments of layers are in nnx and linen alike.
import { bool, func, int, Kind, listOf, oneOf, only, type Parameter } from "@facet/dialect";
import { array, type Initializer, PRNGKeyArray } from "@facet/shims-jax/parts";
import { lecun_normal, ones as onesInit, zeros as zerosInit } from "./initializers.js";

/** Weights and results are float32. */
export const dtype = only(null, "float32");
export const param_dtype = only("float32", null);
/** How operands are promoted, and what contracts them, is the core's affair. */
export const promote_dtype = only(null);
export const replaced = only(null);
/** Metadata of variables says how they are spread over devices. */
export const metadata = only(null);

export const init = func as Kind<Initializer>;
export const zerosDefault = init.or(zerosInit) as Parameter<Initializer>;
export const onesDefault = init.or(onesInit) as Parameter<Initializer>;
export const kernelDefault = init.or(lecun_normal()) as Parameter<Initializer>;
export const flag = bool.or(null);
export const extent = int.where("a whole number of 0 or more", (n) => n >= 0);
export const sizes = int.either(listOf(int));
export const key = new Kind<PRNGKeyArray>("a key made by jax.random.key", (x) => x instanceof PRNGKeyArray);
export const mask = array.or(null);

const WORDS = ["SAME", "SAME_LOWER", "VALID", "CIRCULAR", "REFLECT", "CAUSAL"] as const;
/** Padding of a convolution: a word, a number for every side, or for each axis a number or a pair. */
export type Padding = (typeof WORDS)[number] | number | readonly (number | readonly [number, number])[];
const pair = new Kind<readonly [number, number]>(
  "a pair",
  (x) => Array.isArray(x) && x.length === 2 && x.every(Number.isInteger),
);
export const padding: Kind<Padding> = oneOf(...WORDS)
  .either(int)
  .either(listOf(int.either(pair)));

import type { BindingArrays } from "../../cases.js";
import { unitAt } from "../random/random.ref.js";
import type { DropoutParams } from "./dropout.js";

/** y[i] = x[i] * scale where uniform(key, offset + i) < keep_prob, else 0. */
export function dropoutReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as DropoutParams;
  const x = inputs.x as Float32Array;
  const keepProb = Math.fround(p.keep_prob);
  return { y: x.map((value, i) => (unitAt(p, i) < keepProb ? value * Math.fround(p.scale) : 0)) };
}

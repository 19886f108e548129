import type { BindingArrays } from "../../cases.js";
import { decayed, roundParams } from "./settings.ref.js";
import type { SgdParams } from "./sgd.js";

const INTEGERS = ["count", "velocity_mode", "decay_mode", "has_velocity", "nesterov", "first_step", "maximize", "zero"];

/** One step of gradient descent in f64; the conventions are those of sgd.wgsl's head. */
export function sgdReference(inputs: BindingArrays, given: object): BindingArrays {
  const s = roundParams(given as SgdParams, INTEGERS);
  const { p, g, velocity } = inputs as { p: Float32Array; g: Float32Array; velocity?: Float32Array };
  const newP = p.slice();
  const newVelocity = velocity?.slice();
  for (let i = 0; i < s.count; i++) {
    const [weight, gradient] = decayed(s, p[i] as number, g[i] as number);
    if (!s.has_velocity) {
      newP[i] = weight - s.lr * gradient;
      continue;
    }
    const before = velocity?.[i] as number;
    let after: number;
    let step: number;
    if (s.velocity_mode === 1) {
      after = s.momentum * before - s.lr * gradient;
      step = s.nesterov ? s.momentum * after - s.lr * gradient : after;
    } else {
      after = s.first_step ? gradient : s.momentum * before + s.undamped * gradient;
      step = -s.lr * (s.nesterov ? gradient + s.momentum * after : after);
    }
    (newVelocity as Float32Array)[i] = after;
    newP[i] = weight + step;
  }
  return newVelocity ? { p: newP, velocity: newVelocity } : { p: newP };
}

import type { BindingArrays } from "../../cases.js";
import type { AdamParams } from "./adam.js";
import { decayed, roundParams } from "./settings.ref.js";

/** One Adam step in f64; the conventions are those of adam.wgsl's head. */
export function adamReference(inputs: BindingArrays, given: object): BindingArrays {
  const s = roundParams(given as AdamParams, ["count", "eps_mode", "decay_mode", "amsgrad", "maximize", "zero"]);
  const { p, g, m, v, vmax } = inputs as Record<string, Float32Array>;
  const out = { p: p?.slice(), m: m?.slice(), v: v?.slice(), ...(vmax ? { vmax: vmax.slice() } : {}) } as Record<
    string,
    Float32Array
  >;
  for (let i = 0; i < s.count; i++) {
    const [weight, gradient] = decayed(s, p?.[i] as number, g?.[i] as number);
    const first = s.beta1 * (m?.[i] as number) + s.one_minus_beta1 * gradient;
    const second = s.beta2 * (v?.[i] as number) + s.one_minus_beta2 * gradient ** 2;
    const largest = s.amsgrad ? Math.max(vmax?.[i] as number, second) : second;
    const denominators = [
      Math.sqrt(largest) / s.root_bias2 + s.eps,
      Math.sqrt(largest) + s.eps,
      Math.sqrt(largest / s.bias2 + s.eps_root) + s.eps,
    ];
    (out.p as Float32Array)[i] = weight - (s.step_size * first) / (denominators[s.eps_mode] as number);
    (out.m as Float32Array)[i] = first;
    (out.v as Float32Array)[i] = second;
    if (out.vmax) out.vmax[i] = s.amsgrad ? largest : (vmax?.[i] as number);
  }
  return out;
}

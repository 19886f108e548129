import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";

export interface AdagradSettings extends OptimizerSettings {
  /** Default 1e-10, that of torch; Keras and optax have 1e-7. */
  eps?: number;
  /** `outside` (torch) adds eps to the root, `inside` (Keras, optax) under it. Default `outside`. */
  epsMode?: "outside" | "inside";
  /** The rate of step t is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay?: number;
  /** What the sum of squares begins with. Default 0, that of torch; Keras and optax have 0.1. */
  initialAccumulator?: number;
}

/** sum += g^2; p -= rate g / (sqrt(sum) + eps), or over sqrt(sum + eps). Where the sum is 0, nothing moves. */
export const adagrad: OptimizerRow<AdagradSettings, { inside: boolean }> = {
  name: "adagrad",
  check: ({ eps = 1e-10, epsMode = "outside", lrDecay = 0, initialAccumulator = 0 }) => {
    requireIn("adagrad", "eps", eps);
    requireIn("adagrad", "lrDecay", lrDecay);
    requireIn("adagrad", "initialAccumulator", initialAccumulator);
    requireOneOf("adagrad", "epsMode", epsMode, ["outside", "inside"]);
  },
  switches: ({ epsMode }) => ({ inside: epsMode === "inside" }),
  states: () => ["sum"],
  initial: ({ initialAccumulator = 0 }) => ({ sum: initialAccumulator }),
  hyper: ({ lr, eps = 1e-10, lrDecay = 0 }, step) => ({ rate: lr / (1 + (step - 1) * lrDecay), eps }),
  byStep: { rates: ["rate"] },
  update: ({ inside }) => [
    "let sum_new = fma(g, g, sum);",
    `let root = ${inside ? "sqrt(sum_new + h.eps)" : "sqrt(sum_new) + h.eps"};`,
    // A gradient of 0 over a root of 0 is no step.
    "let p_new = p - rounded(g * h.rate / select(root, T(1.0), sum_new == T(0.0)));",
  ],
  reference: ({ p = 0, g = 0, sum = 0 }, { rate = 0, eps = 0 }, { inside }) => {
    const after = sum + g ** 2;
    const root = inside ? Math.sqrt(after + eps) : Math.sqrt(after) + eps;
    return { p: after === 0 ? p : p - (rate * g) / root, sum: after };
  },
};

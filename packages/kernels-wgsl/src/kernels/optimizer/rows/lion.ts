import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface LionSettings extends OptimizerSettings {
  /** Weight of the average in the step. Default 0.9. */
  beta1?: number;
  /** Weight of the average in the next one. Default 0.99. */
  beta2?: number;
}

/** p -= lr sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g. */
export const lion: OptimizerRow<LionSettings> = {
  name: "lion",
  check: ({ beta1 = 0.9, beta2 = 0.99 }) => {
    requireIn("lion", "beta1", beta1);
    requireIn("lion", "beta2", beta2);
  },
  switches: () => ({}),
  states: () => ["m"],
  hyper: ({ lr, beta1 = 0.9, beta2 = 0.99 }) => ({
    lr,
    beta1,
    beta2,
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
  }),
  update: () => [
    // Either product is rounded, as in the originals: the sign of a sum of equal opposites is 0.
    "let d = rounded(m * h.beta1) + rounded(g * h.one_minus_beta1);",
    "let m_new = fma(T(h.one_minus_beta2), g, m * h.beta2);",
    "let p_new = p - sign(d) * h.lr;",
  ],
  reference: (e, { lr = 0, beta1 = 0, beta2 = 0, one_minus_beta1 = 0, one_minus_beta2 = 0 }) => {
    const { p = 0, g = 0, m = 0 } = e;
    const d = Math.fround(beta1 * m) + Math.fround(one_minus_beta1 * g);
    return { p: p - lr * Math.sign(d), m: beta2 * m + one_minus_beta2 * g };
  },
};

import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface AsgdSettings extends OptimizerSettings {
  /** Share of each parameter, times the rate of the step, that a step takes off it. Default 1e-4. */
  lambd?: number;
  /** Power of the decay of the rate. Default 0.75. */
  alpha?: number;
  /** Step after which the average begins; until then it is the parameters. Default 1e6. */
  t0?: number;
}

/**
 * Averaged gradient descent: eta = lr / (1 + lambd lr (step - 1))^alpha; p = p (1 - lambd eta) - eta g; ax += mu (p - ax) with
 * mu = 1 / max(1, step - 1 - t0). ax, the average, is what a model is evaluated with.
 */
export const asgd: OptimizerRow<AsgdSettings> = {
  name: "asgd",
  check: ({ lambd = 1e-4, alpha = 0.75, t0 = 1e6 }) => {
    requireIn("asgd", "lambd", lambd);
    requireIn("asgd", "alpha", alpha, Number.NEGATIVE_INFINITY);
    requireIn("asgd", "t0", t0, Number.NEGATIVE_INFINITY);
  },
  switches: () => ({}),
  states: () => ["ax"],
  hyper: ({ lr, lambd = 1e-4, alpha = 0.75, t0 = 1e6 }, step) => {
    const eta = lr / (1 + lambd * lr * (step - 1)) ** alpha;
    return { eta, kept: 1 - lambd * eta, mu: 1 / Math.max(1, step - 1 - t0) };
  },
  byStep: { others: ["eta", "kept", "mu"] },
  update: () => [
    "let p_new = rounded(p * h.kept) - rounded(g * h.eta);",
    "let ax_new = select(fma(p_new - ax, T(h.mu), ax), p_new, B(h.mu == 1.0));",
  ],
  reference: ({ p = 0, g = 0, ax = 0 }, { eta = 0, kept = 0, mu = 0 }) => {
    const after = kept * p - eta * g;
    return { p: after, ax: ax + mu * (after - ax) };
  },
};

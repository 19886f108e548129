import type { OptimizerRow } from "../optimizer_row.js";
import { requireOneOf } from "../settings.js";
import { checkMoments, type MomentSettings, momentHyper } from "./adam.js";

export interface AdamaxSettings extends MomentSettings {
  /** `torch` (and optax) adds eps to the size of each gradient, `keras` to the largest so far when it divides. Default `torch`. */
  epsMode?: "torch" | "keras";
}

/** Adam by the largest gradient: u = max(beta2 u, |g| + eps), p -= step_size m / u; Keras: u = max(beta2 u, |g|), p -= step_size m / (u + eps). */
export const adamax: OptimizerRow<AdamaxSettings, { eps: "torch" | "keras" }> = {
  name: "adamax",
  check: (settings) => {
    checkMoments("adamax", settings);
    requireOneOf("adamax", "epsMode", settings.epsMode ?? "torch", ["torch", "keras"]);
  },
  switches: ({ epsMode = "torch" }) => ({ eps: epsMode }),
  states: () => ["m", "u"],
  hyper: (settings, step) => {
    const { beta1, beta2, one_minus_beta1, bias1, eps } = momentHyper(settings, step);
    return { beta1, beta2, one_minus_beta1, eps, step_size: settings.lr / bias1 };
  },
  byStep: { rates: ["step_size"] },
  update: ({ eps }) => [
    "let m_new = fma(T(h.one_minus_beta1), g, m * h.beta1);",
    `let u_new = max(u * h.beta2, abs(g)${eps === "torch" ? " + h.eps" : ""});`,
    `let p_new = p - rounded(m_new * h.step_size / ${eps === "torch" ? "u_new" : "(u_new + h.eps)"});`,
  ],
  reference: (
    { p = 0, g = 0, m = 0, u = 0 },
    { beta1 = 0, beta2 = 0, one_minus_beta1 = 0, eps = 0, step_size = 0 },
    s,
  ) => {
    const first = beta1 * m + one_minus_beta1 * g;
    const largest = Math.max(beta2 * u, Math.abs(g) + (s.eps === "torch" ? eps : 0));
    return { p: p - (step_size * first) / (largest + (s.eps === "keras" ? eps : 0)), m: first, u: largest };
  },
};

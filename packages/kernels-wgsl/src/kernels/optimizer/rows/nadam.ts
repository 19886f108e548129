import type { OptimizerRow } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";
import { checkMoments, MOMENTS, type MomentSettings, momentHyper, moments } from "./adam.js";

/**
 * How NAdam looks ahead: `schedule` (torch, Keras) by a momentum that grows from step to step, `constant` (optax) by beta1.
 */
export type LookAhead = "schedule" | "constant";
const LOOK_AHEADS = ["schedule", "constant"];

export interface NadamSettings extends MomentSettings {
  /** Default `schedule`. */
  lookAhead?: LookAhead;
  /** Of the schedule: momentum of step t is beta1 (1 - 0.96^(t momentumDecay) / 2). Default 4e-3, that of torch; Keras has 1. */
  momentumDecay?: number;
  /** Added to the corrected second moment under the root. Default 0. */
  epsRoot?: number;
}

const schedule = (beta1: number, decay: number, step: number): number => beta1 * (1 - 0.5 * 0.96 ** (step * decay));

const products = new Map<string, number[]>();

/** Product of the schedule's momenta of steps 1 to `step`. */
export function momentumProduct(beta1: number, decay: number, step: number): number {
  const key = `${beta1} ${decay}`;
  const known = products.get(key) ?? [1];
  products.set(key, known);
  for (let t = known.length; t <= step; t++) known.push((known[t - 1] as number) * schedule(beta1, decay, t));
  return known[step] as number;
}

/** Adam with Nesterov's momentum: p -= (by_g g + by_m m) / (sqrt(v / bias2 + eps_root) + eps). */
export const nadam: OptimizerRow<NadamSettings> = {
  name: "nadam",
  check: (settings) => {
    const { lookAhead = "schedule", momentumDecay = 4e-3, epsRoot = 0 } = settings;
    checkMoments("nadam", settings);
    requireOneOf("nadam", "lookAhead", lookAhead, LOOK_AHEADS);
    requireIn("nadam", "momentumDecay", momentumDecay);
    requireIn("nadam", "epsRoot", epsRoot);
  },
  switches: () => ({}),
  states: () => ["m", "v"],
  hyper: (settings, step) => {
    const { lr, beta1 = 0.9, lookAhead = "schedule", momentumDecay = 4e-3, epsRoot = 0 } = settings;
    const { bias1, ...rest } = momentHyper(settings, step);
    let by_g = (lr * (1 - beta1)) / bias1;
    let by_m = (lr * beta1) / (1 - beta1 ** (step + 1));
    if (lookAhead === "schedule") {
      const product = momentumProduct(beta1, momentumDecay, step);
      const next = schedule(beta1, momentumDecay, step + 1);
      by_g = (lr * (1 - schedule(beta1, momentumDecay, step))) / (1 - product);
      by_m = (lr * next) / (1 - product * next);
    }
    return { ...rest, by_g, by_m, eps_root: epsRoot };
  },
  byStep: { rates: ["by_g", "by_m"], others: ["bias2"] },
  update: () => [
    ...MOMENTS,
    "let denominator = sqrt(rounded(v_new / h.bias2) + h.eps_root) + h.eps;",
    "let p_new = p - rounded(fma(T(h.by_m), m_new, rounded(g * h.by_g)) / denominator);",
  ],
  reference: (e, h) => {
    const { m, v } = moments(e, h);
    const { by_g = 0, by_m = 0, bias2 = 0, eps = 0, eps_root = 0 } = h;
    return { p: (e.p as number) - (by_g * (e.g as number) + by_m * m) / (Math.sqrt(v / bias2 + eps_root) + eps), m, v };
  },
};

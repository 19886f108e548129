import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";

/**
 * What Muon orthogonalises: `torch` averages gradients, m = momentum m + (1 - momentum) g; `sum` (Keras) adds them up,
 * m = momentum m + g; `optax` averages them and corrects the average for its beginning.
 */
export type MuonAverage = "torch" | "sum" | "optax";
const AVERAGES = ["torch", "sum", "optax"];

export interface MuonDirectionSettings extends OptimizerSettings {
  /** Below 1. Default 0.95. */
  momentum?: number;
  /** Default true. */
  nesterov?: boolean;
  /** Default `torch`. */
  average?: MuonAverage;
}

/** The direction of Muon before it is orthogonalised; p is where it is written: by_m m + by_g g, with Nesterov's look ahead in by_g. */
export const muonDirection: OptimizerRow<MuonDirectionSettings, { nesterov: boolean }> = {
  name: "muon_direction",
  check: ({ momentum = 0.95, average = "torch" }) => {
    requireIn("muon_direction", "momentum", momentum, 0, 1);
    requireOneOf("muon_direction", "average", average, AVERAGES);
  },
  switches: ({ nesterov = true }) => ({ nesterov }),
  states: () => ["m"],
  hyper: ({ momentum = 0.95, nesterov = true, average = "torch" }, step) => {
    const taken = average === "sum" ? 1 : 1 - momentum;
    // The average of the next step is corrected as the next is.
    const corrected = average === "optax" ? (steps: number): number => 1 - momentum ** steps : (): number => 1;
    if (!nesterov) return { momentum, taken, by_m: 1 / corrected(step), by_g: 0 };
    return { momentum, taken, by_m: momentum / corrected(step + 1), by_g: taken / corrected(step) };
  },
  byStep: { others: ["by_m", "by_g"] },
  update: ({ nesterov }) => [
    "let m_new = fma(T(h.taken), g, rounded(m * h.momentum));",
    // A gradient that is infinite, times 0, would be NaN.
    `let p_new = ${nesterov ? "fma(T(h.by_m), m_new, rounded(g * h.by_g))" : "m_new * h.by_m"};`,
  ],
  reference: ({ g = 0, m = 0 }, { momentum = 0, taken = 0, by_m = 0, by_g = 0 }, { nesterov }) => {
    const after = momentum * m + taken * g;
    return { p: by_m * after + (nesterov ? by_g * g : 0), m: after };
  },
};

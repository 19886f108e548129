import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface RpropSettings extends OptimizerSettings {
  /** Factor on a step size whose gradient has changed its sign, in (0, 1). Default 0.5. */
  etaMinus?: number;
  /** Factor on one whose gradient has kept it, above 1. Default 1.2. */
  etaPlus?: number;
  /** Default 1e-6. */
  minStep?: number;
  /** Default 50. */
  maxStep?: number;
  /** Moves by the step of the call before, as optax does: the first one moves nothing. Default false. */
  lagging?: boolean;
}

/** Steps by the sign of the gradient, of a size that grows while the sign stays and shrinks when it turns; then nothing moves. */
export const rprop: OptimizerRow<RpropSettings, { lagging: boolean }> = {
  name: "rprop",
  check: ({ etaMinus = 0.5, etaPlus = 1.2, minStep = 1e-6, maxStep = 50 }) => {
    requireIn("rprop", "minStep", minStep);
    requireIn("rprop", "maxStep", maxStep);
    if (!(etaMinus > 0 && etaMinus < 1))
      throw new ArgumentError({ op: "rprop", argument: "etaMinus", expected: "between 0 and 1", given: `${etaMinus}` });
    if (!(etaPlus > 1 && Number.isFinite(etaPlus)))
      throw new ArgumentError({ op: "rprop", argument: "etaPlus", expected: "above 1", given: `${etaPlus}` });
  },
  switches: ({ lagging = false }) => ({ lagging }),
  states: () => ["previous", "size"],
  initial: ({ lr }) => ({ size: lr }),
  hyper: ({ etaMinus = 0.5, etaPlus = 1.2, minStep = 1e-6, maxStep = 50 }) => ({
    eta_minus: etaMinus,
    eta_plus: etaPlus,
    min_step: minStep,
    max_step: maxStep,
  }),
  update: ({ lagging }) => [
    // Of the signs, as a product may be too small for a float.
    "let turn = sign(g) * sign(previous);",
    "let eta = select(select(T(1.0), T(h.eta_plus), turn > T(0.0)), T(h.eta_minus), turn < T(0.0));",
    "let size_new = min(max(size * eta, T(h.min_step)), T(h.max_step));",
    `let previous_new = select(${lagging ? "sign(g) * size_new" : "g"}, T(0.0), turn < T(0.0));`,
    `let p_new = p - ${lagging ? "select(previous, T(0.0), turn < T(0.0))" : "sign(previous_new) * size_new"};`,
  ],
  reference: ({ p = 0, g = 0, previous = 0, size = 0 }, h, { lagging }) => {
    const { eta_minus = 0, eta_plus = 0, min_step = 0, max_step = 0 } = h;
    const turn = Math.sign(g) * Math.sign(previous);
    const eta = turn > 0 ? eta_plus : turn < 0 ? eta_minus : 1;
    const next = Math.min(Math.max(size * eta, min_step), max_step);
    if (lagging) return { p: turn < 0 ? p : p - previous, previous: turn < 0 ? 0 : Math.sign(g) * next, size: next };
    const kept = turn < 0 ? 0 : g;
    return { p: p - Math.sign(kept) * next, previous: kept, size: next };
  },
};

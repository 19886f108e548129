import type { OptimizerRow } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";
import { checkMoments, MOMENTS, type MomentSettings, momentHyper, moments } from "./adam.js";

export interface LambSettings extends Omit<MomentSettings, "weightDecay" | "decayMode"> {
  /** Added to the corrected second moment under the root. Default 0. */
  epsRoot?: number;
  /** Default 0. */
  trustDecay?: number;
  /** `added` (optax) adds decay times the weight to the direction, `keras` takes it off the weight before. Default `added`. */
  trustDecayMode?: "added" | "keras";
}

/**
 * The direction of LAMB: p is where it is written, w the weights: d = (m / bias1) / (sqrt(v / bias2 + eps_root) + eps), plus decay w,
 * or w -= w decay lr before. What it is multiplied by is computed of whole parameters.
 */
export const lambDirection: OptimizerRow<LambSettings, { decay: "none" | "added" | "keras" }> = {
  name: "lamb_direction",
  check: (settings) => {
    const { epsRoot = 0, trustDecay = 0, trustDecayMode = "added" } = settings;
    checkMoments("lamb_direction", settings);
    requireIn("lamb_direction", "epsRoot", epsRoot);
    requireIn("lamb_direction", "trustDecay", trustDecay);
    requireOneOf("lamb_direction", "trustDecayMode", trustDecayMode, ["added", "keras"]);
  },
  switches: ({ trustDecay = 0, trustDecayMode = "added" }) => ({ decay: trustDecay === 0 ? "none" : trustDecayMode }),
  states: () => ["m", "v", "w"],
  hyper: (settings, step) => ({
    ...momentHyper(settings, step),
    eps_root: settings.epsRoot ?? 0,
    trust_decay: settings.trustDecay ?? 0,
    lr: settings.lr,
  }),
  byStep: { others: ["bias1", "bias2"] },
  update: ({ decay }) => [
    ...MOMENTS,
    `let w_new = ${decay === "keras" ? "w - rounded(rounded(w * h.trust_decay) * h.lr)" : "w"};`,
    "let d = rounded(m_new / h.bias1) / (sqrt(rounded(v_new / h.bias2) + h.eps_root) + h.eps);",
    `let p_new = ${decay === "added" ? "fma(T(h.trust_decay), w, rounded(d))" : "d"};`,
  ],
  reference: (e, h, { decay }) => {
    const { m, v } = moments(e, h);
    const { bias1 = 0, bias2 = 0, eps = 0, eps_root = 0, trust_decay = 0, lr = 0 } = h;
    const w = e.w as number;
    const d = m / bias1 / (Math.sqrt(v / bias2 + eps_root) + eps);
    return {
      p: decay === "added" ? d + trust_decay * w : d,
      m,
      v,
      w: decay === "keras" ? w - w * trust_decay * lr : w,
    };
  },
};

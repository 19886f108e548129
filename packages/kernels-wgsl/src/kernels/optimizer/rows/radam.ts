import type { OptimizerRow } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";
import { checkMoments, MOMENTS, type MomentSettings, momentHyper, moments } from "./adam.js";

export interface RadamSettings extends MomentSettings {
  /** `torch` adds eps to the root of the second moment before its bias correction, `root` (optax) after. Default `torch`. */
  epsMode?: "torch" | "root";
  /** With epsMode `root`: added to the corrected second moment under the root. Default 0. */
  epsRoot?: number;
  /** Length of the average from which the variance counts. Default 5. torch wants more than 5, optax 5 or more. */
  threshold?: number;
}

/** Rectified Adam: until the second moment has enough steps behind it, p -= lr m / bias1; then that times r / (its root + eps). */
export const radam: OptimizerRow<RadamSettings, { eps: "torch" | "root" }> = {
  name: "radam",
  check: (settings) => {
    const { epsMode = "torch", epsRoot = 0, threshold = 5 } = settings;
    checkMoments("radam", settings);
    requireOneOf("radam", "epsMode", epsMode, ["torch", "root"]);
    requireIn("radam", "epsRoot", epsRoot);
    // Below, the rectification is the root of a negative number.
    requireIn("radam", "threshold", threshold, 4);
  },
  switches: ({ epsMode = "torch" }) => ({ eps: epsMode }),
  states: () => ["m", "v"],
  hyper: (settings, step) => {
    const { lr, beta2 = 0.999, epsMode = "torch", epsRoot = 0, threshold = 5 } = settings;
    const { bias1, ...rest } = momentHyper(settings, step);
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * step * beta2 ** step) / rest.bias2;
    const rectified = epsMode === "torch" ? length > threshold : length >= threshold;
    const r = rectified
      ? Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length))
      : 1;
    const root_bias2 = Math.sqrt(rest.bias2);
    const step_size = (lr * r * (rectified && epsMode === "torch" ? root_bias2 : 1)) / bias1;
    return { ...rest, step_size, rectified: rectified ? 1 : 0, eps_root: epsRoot };
  },
  byStep: { rates: ["step_size"], others: ["bias2", "rectified"] },
  update: ({ eps }) => [
    ...MOMENTS,
    `let root = ${eps === "torch" ? "sqrt(v_new)" : "sqrt(rounded(v_new / h.bias2) + h.eps_root)"};`,
    "let denominator = select(T(1.0), root + h.eps, B(h.rectified > 0.0));",
    "let p_new = p - rounded(m_new * h.step_size / denominator);",
  ],
  reference: (e, h, switches) => {
    const { m, v } = moments(e, h);
    const { step_size = 0, rectified = 0, bias2 = 0, eps = 0, eps_root = 0 } = h;
    const root = Math.sqrt(switches.eps === "torch" ? v : v / bias2 + eps_root);
    return { p: (e.p as number) - (step_size * m) / (rectified ? root + eps : 1), m, v };
  },
};

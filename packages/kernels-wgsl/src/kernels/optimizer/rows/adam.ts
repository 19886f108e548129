import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";

/**
 * Where epsilon stands: `torch` (and optax) adds it to the root of the bias-corrected second moment; `keras` to the root of
 * the uncorrected one, which makes it larger by 1 / sqrt(1 - beta2^step) in effect; `root` is optax with `eps_root`, added
 * under the root, and `eps` outside.
 */
export type EpsMode = "torch" | "keras" | "root";
const EPS_MODES = ["torch", "keras", "root"];

/** Settings of those that average gradients and their squares. */
export interface MomentSettings extends OptimizerSettings {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8, that of torch and optax. Keras has 1e-7. */
  eps?: number;
}

export interface AdamSettings extends MomentSettings {
  /** Default `torch`. */
  epsMode?: EpsMode;
  /** With epsMode `root`: added to the corrected second moment under the root. Default 0. */
  epsRoot?: number;
  /** Divides by the largest second moment so far: the raw one, with epsMode `root` the corrected one. Default false. */
  amsgrad?: boolean;
}

/** Throws ArgumentError on betas outside [0, 1) and on an epsilon that is negative or not finite. */
export function checkMoments(op: string, { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: MomentSettings): void {
  requireIn(op, "beta1", beta1, 0, 1);
  requireIn(op, "beta2", beta2, 0, 1);
  requireIn(op, "eps", eps);
}

/** Weights of the averages and bias corrections. */
export function momentHyper({ beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: MomentSettings, step: number) {
  const [bias1, bias2] = [1 - beta1 ** step, 1 - beta2 ** step];
  return { beta1, beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2, bias1, bias2, eps };
}

/** Averages of gradients and squares, as torch and optax round them. */
export const MOMENTS = [
  "let m_new = fma(T(h.one_minus_beta1), g, m * h.beta1);",
  "let v_new = fma(g * h.one_minus_beta2, g, v * h.beta2);",
];
/** The same by differences, as Keras does. */
const MOMENTS_BY_DIFFERENCES = [
  "let m_new = fma(g - m, T(h.one_minus_beta1), m);",
  "let v_new = fma(fma(g, g, -v), T(h.one_minus_beta2), v);",
];

export function moments(
  { g = 0, m = 0, v = 0 }: Readonly<Record<string, number>>,
  { beta1 = 0, beta2 = 0, one_minus_beta1 = 0, one_minus_beta2 = 0 }: Readonly<Record<string, number>>,
): { m: number; v: number } {
  return { m: beta1 * m + one_minus_beta1 * g, v: beta2 * v + one_minus_beta2 * g ** 2 };
}

type AdamSwitches = { eps: EpsMode; amsgrad: boolean };

/**
 * Adam, AdamW and AMSGrad. torch: p -= step_size m / (sqrt(v) / root_bias2 + eps), step_size = lr / bias1. Keras:
 * p -= step_size m / (sqrt(v) + eps), step_size = lr sqrt(bias2) / bias1. root: p -= step_size m / (sqrt(v / bias2 + eps_root) + eps).
 */
export const adam: OptimizerRow<AdamSettings, AdamSwitches> = {
  name: "adam",
  check: (settings) => {
    const { epsMode = "torch", epsRoot = 0 } = settings;
    checkMoments("adam", settings);
    requireIn("adam", "epsRoot", epsRoot);
    requireOneOf("adam", "epsMode", epsMode, EPS_MODES);
    if (epsRoot !== 0 && epsMode !== "root") {
      const expected = '0 without epsMode "root"';
      throw new ArgumentError({ op: "adam", argument: "epsRoot", expected, given: `${epsRoot}` });
    }
  },
  switches: ({ epsMode = "torch", amsgrad = false }) => ({ eps: epsMode, amsgrad }),
  states: ({ amsgrad }) => ["m", "v", ...(amsgrad ? ["vmax"] : [])],
  hyper: (settings, step) => {
    const { bias1, ...rest } = momentHyper(settings, step);
    const root_bias2 = Math.sqrt(rest.bias2);
    const step_size = ((settings.epsMode === "keras" ? root_bias2 : 1) * settings.lr) / bias1;
    return { ...rest, root_bias2, step_size, eps_root: settings.epsRoot ?? 0 };
  },
  byStep: { rates: ["step_size"], others: ["bias2", "root_bias2"] },
  update: ({ eps, amsgrad }) => {
    const second = eps === "root" ? "rounded(v_new / h.bias2)" : "v_new";
    const denominators = {
      torch: "rounded(sqrt(largest) / h.root_bias2) + h.eps",
      keras: "sqrt(largest) + h.eps",
      root: "sqrt(largest + h.eps_root) + h.eps",
    };
    return [
      ...(eps === "keras" ? MOMENTS_BY_DIFFERENCES : MOMENTS),
      ...(amsgrad ? [`let vmax_new = max(vmax, ${second});`] : []),
      `let largest = ${amsgrad ? "vmax_new" : second};`,
      `let p_new = p - rounded(m_new * h.step_size / (${denominators[eps]}));`,
    ];
  },
  reference: (e, h, { eps: mode, amsgrad }) => {
    const { m, v } = moments(e, h);
    const { step_size = 0, root_bias2 = 0, bias2 = 0, eps = 0, eps_root = 0 } = h;
    const second = mode === "root" ? v / bias2 : v;
    const largest = amsgrad ? Math.max(e.vmax as number, second) : second;
    const denominators = {
      torch: Math.sqrt(largest) / root_bias2 + eps,
      keras: Math.sqrt(largest) + eps,
      root: Math.sqrt(largest + eps_root) + eps,
    };
    const p = (e.p as number) - (step_size * m) / denominators[mode];
    return { p, m, v, ...(amsgrad && { vmax: largest }) };
  },
};

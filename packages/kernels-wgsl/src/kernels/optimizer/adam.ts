import { ArgumentError, UnsupportedError } from "../../errors.js";
import { defineKernel, divideUp, FAT_LANES, type ParamValues, spread, TILE, type Variant } from "../../kernel.js";
import adamWgsl from "./adam.wgsl";
import {
  type DecayMode,
  decayModes,
  decayParams,
  inFours,
  requireCount,
  requireIn,
  requireOneOf,
  takes,
} from "./settings.js";

const params = {
  count: "u32",
  eps_mode: "u32",
  decay_mode: "u32",
  amsgrad: "u32",
  maximize: "u32",
  zero: "u32",
  beta1: "f32",
  beta2: "f32",
  one_minus_beta1: "f32",
  one_minus_beta2: "f32",
  step_size: "f32",
  bias2: "f32",
  root_bias2: "f32",
  eps: "f32",
  eps_root: "f32",
  lr: "f32",
  decay: "f32",
} as const;

export type AdamParams = ParamValues<typeof params>;

/** Four elements per thread, and with `branches` only these of the shader's branches. */
function vec4(name: string, branches?: { eps_mode: number; decay_mode: number }): Variant<typeof params> {
  const only = branches && { ...branches, amsgrad: 0, maximize: 0 };
  return {
    name,
    order: "elementwise",
    constants: {
      T: "vec4<f32>",
      U: "vec4<u32>",
      WIDTH: "4u",
      ...(only && {
        eps_mode: `${only.eps_mode}u`,
        decay_mode: `${only.decay_mode}u`,
        amsgrad: "false",
        maximize: "false",
      }),
    },
    applies: (p, views) => inFours(p.count, views) && (!only || takes(p, only)),
    workgroups: (p) => spread(divideUp(p.count, 4 * TILE)),
  };
}

/** One step of Adam, AdamW or AMSGrad in place. See adam.wgsl. */
export const adam = defineKernel({
  name: "adam",
  wgsl: adamWgsl,
  software: FAT_LANES,
  bindings: {
    p: { access: "read_write", dtype: "f32" },
    g: { access: "read", dtype: "f32" },
    m: { access: "read_write", dtype: "f32" },
    v: { access: "read_write", dtype: "f32" },
    vmax: { access: "read_write", dtype: "f32", optional: true },
  },
  params,
  variants: [
    // Of the branches, those of most calls: adapters on a CPU take 1.8 times as long where all are evaluated.
    vec4("vec4_torch", { eps_mode: 0, decay_mode: 0 }),
    vec4("vec4_keras", { eps_mode: 1, decay_mode: 0 }),
    vec4("vec4_adamw", { eps_mode: 0, decay_mode: 2 }),
    vec4("vec4"),
    { name: "scalar", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, TILE)) },
  ],
  cost: (p) => ({ flops: 12 * p.count, bytes: (p.amsgrad ? 36 : 28) * p.count }),
});

/**
 * Where epsilon stands: `torch` (and optax) adds it to the root of the bias-corrected second moment; `keras` to the root of
 * the uncorrected one, which makes it larger by 1 / sqrt(1 - beta2^step) in effect; `root` is optax with `eps_root`, added
 * under the root, and `eps` outside.
 */
export type EpsMode = "torch" | "keras" | "root";
const EPS_MODES = ["torch", "keras", "root"];

export interface AdamOptions {
  /** Elements in the arenas. */
  count: number;
  /** The step this is, counted from 1: bias corrections depend on it. */
  step: number;
  lr: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8, that of torch and optax. Keras has 1e-7. */
  eps?: number;
  /** Default `torch`. */
  epsMode?: EpsMode;
  /** With epsMode `root`: added to the corrected second moment under the root. Default 0. */
  epsRoot?: number;
  /** Default 0. */
  weightDecay?: number;
  /** Default `l2`. */
  decayMode?: DecayMode;
  /** Divides by the largest second moment so far; needs the binding `vmax`. Default false. */
  amsgrad?: boolean;
  /** Goes up the gradient. Default false. */
  maximize?: boolean;
}

/**
 * Params of `adam` for one step; bias corrections are computed here, in f64. Throws ArgumentError on a learning rate,
 * epsilon or decay that is negative or not finite and on betas outside [0, 1), UnsupportedError on amsgrad with `root`.
 */
export function adamParams(options: AdamOptions): AdamParams {
  const op = "adam";
  const { count, step, lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, epsMode = "torch", epsRoot = 0 } = options;
  const { weightDecay = 0, decayMode = "l2", amsgrad = false, maximize = false } = options;
  requireCount(op, "count", count);
  requireCount(op, "step", step);
  for (const [argument, value] of Object.entries({ lr, eps, epsRoot, weightDecay })) requireIn(op, argument, value);
  requireIn(op, "beta1", beta1, 0, 1);
  requireIn(op, "beta2", beta2, 0, 1);
  requireOneOf(op, "epsMode", epsMode, EPS_MODES);
  requireOneOf(op, "decayMode", decayMode, decayModes);
  if (epsRoot !== 0 && epsMode !== "root") {
    throw new ArgumentError({ op, argument: "epsRoot", expected: '0 without epsMode "root"', given: `${epsRoot}` });
  }
  if (amsgrad && epsMode === "root") {
    // optax keeps the largest corrected moment, torch and Keras the largest raw one, which is what the kernel keeps.
    const expected = 'epsMode "torch" or "keras" with amsgrad';
    throw new UnsupportedError({ op, argument: "amsgrad", expected, given: `epsMode "${epsMode}"` });
  }
  const bias1 = 1 - beta1 ** step;
  const bias2 = 1 - beta2 ** step;
  return {
    count,
    eps_mode: EPS_MODES.indexOf(epsMode),
    amsgrad: amsgrad ? 1 : 0,
    maximize: maximize ? 1 : 0,
    zero: 0,
    beta1,
    beta2,
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
    step_size: ((epsMode === "keras" ? Math.sqrt(bias2) : 1) * lr) / bias1,
    bias2,
    root_bias2: Math.sqrt(bias2),
    eps,
    eps_root: epsRoot,
    lr,
    ...decayParams(weightDecay, decayMode, lr),
  };
}

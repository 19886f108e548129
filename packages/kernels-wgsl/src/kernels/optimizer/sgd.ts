import { ArgumentError } from "../../errors.js";
import { defineKernel, divideUp, FAT_LANES, type ParamValues, spread, TILE, type Variant } from "../../kernel.js";
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
import sgdWgsl from "./sgd.wgsl";

const params = {
  count: "u32",
  velocity_mode: "u32",
  decay_mode: "u32",
  has_velocity: "u32",
  nesterov: "u32",
  first_step: "u32",
  maximize: "u32",
  zero: "u32",
  lr: "f32",
  momentum: "f32",
  undamped: "f32",
  decay: "f32",
} as const;

export type SgdParams = ParamValues<typeof params>;

/** Four elements per thread, and with `branches` only the shader's branch for torch's velocity, after its first step, or none. */
function vec4(name: string, branches?: { has_velocity: 0 | 1 }): Variant<typeof params> {
  const only = branches && { ...branches, velocity_mode: 0, decay_mode: 0, nesterov: 0, maximize: 0 };
  return {
    name,
    order: "elementwise",
    constants: {
      T: "vec4<f32>",
      U: "vec4<u32>",
      WIDTH: "4u",
      ...(only && {
        has_velocity: `${only.has_velocity === 1}`,
        velocity_mode: "0u",
        decay_mode: "0u",
        nesterov: "false",
        first_step: "false",
        maximize: "false",
      }),
    },
    applies: (p, views) =>
      inFours(p.count, views) && (!only || (takes(p, only) && (p.has_velocity === 0 || p.first_step === 0))),
    workgroups: (p) => spread(divideUp(p.count, 4 * TILE)),
  };
}

/** One step of gradient descent, with or without momentum, in place. See sgd.wgsl. */
export const sgd = defineKernel({
  name: "sgd",
  wgsl: sgdWgsl,
  software: FAT_LANES,
  bindings: {
    p: { access: "read_write", dtype: "f32" },
    g: { access: "read", dtype: "f32" },
    velocity: { access: "read_write", dtype: "f32", optional: true },
  },
  params,
  variants: [
    // Of the branches, those of most calls: adapters on a CPU take 1.8 times as long where all are evaluated.
    vec4("vec4_plain", { has_velocity: 0 }),
    vec4("vec4_momentum", { has_velocity: 1 }),
    vec4("vec4"),
    { name: "scalar", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, TILE)) },
  ],
  cost: (p) => ({ flops: (p.has_velocity ? 4 : 2) * p.count, bytes: (p.has_velocity ? 20 : 12) * p.count }),
});

/**
 * What the velocity is: `torch` (and optax) accumulates gradients and multiplies by the rate at the step; `keras`
 * accumulates steps, the rate inside, so that a changed rate acts on what comes after only.
 */
export type VelocityMode = "torch" | "keras";
const VELOCITY_MODES = ["torch", "keras"];

export interface SgdOptions {
  /** Elements in the arenas. */
  count: number;
  /** The step with momentum that this is, counted from 1: in the first, torch's velocity is the gradient, undamped. */
  step: number;
  lr: number;
  /** Default 0: no velocity, and no binding for it. */
  momentum?: number;
  /** Weight taken off the gradient on its way into torch's velocity. Default 0. */
  dampening?: number;
  /** Default false. Without momentum it changes nothing. */
  nesterov?: boolean;
  /** Default `torch`. */
  velocityMode?: VelocityMode;
  /** Default 0. */
  weightDecay?: number;
  /** Default `l2`. */
  decayMode?: DecayMode;
  /** Goes up the gradient. Default false. */
  maximize?: boolean;
}

/** Params of `sgd` for one step. Throws ArgumentError on a learning rate, momentum or decay that is negative or not finite. */
export function sgdParams(options: SgdOptions): SgdParams {
  const op = "sgd";
  const { count, step, lr, momentum = 0, dampening = 0, nesterov = false, velocityMode = "torch" } = options;
  const { weightDecay = 0, decayMode = "l2", maximize = false } = options;
  requireCount(op, "count", count);
  requireCount(op, "step", step);
  for (const [argument, value] of Object.entries({ lr, momentum, weightDecay })) requireIn(op, argument, value);
  requireIn(op, "dampening", dampening, Number.NEGATIVE_INFINITY);
  requireOneOf(op, "velocityMode", velocityMode, VELOCITY_MODES);
  requireOneOf(op, "decayMode", decayMode, decayModes);
  const keras = velocityMode === "keras";
  if (keras && dampening !== 0) {
    const expected = "0: Keras' velocity has no dampening";
    throw new ArgumentError({ op, argument: "dampening", expected, given: `${dampening}` });
  }
  if (keras && momentum > 1) {
    throw new ArgumentError({ op, argument: "momentum", expected: "at most 1", given: `${momentum}` });
  }
  return {
    count,
    velocity_mode: VELOCITY_MODES.indexOf(velocityMode),
    has_velocity: momentum === 0 ? 0 : 1,
    nesterov: nesterov ? 1 : 0,
    first_step: step === 1 ? 1 : 0,
    maximize: maximize ? 1 : 0,
    zero: 0,
    lr,
    momentum,
    undamped: 1 - dampening,
    ...decayParams(weightDecay, decayMode, lr),
  };
}

// What a row of the optimisers' table says, and what all of them have in common.
import { ArgumentError } from "../../errors.js";
import { type DecayMode, decayModes, requireCount, requireIn, requireOneOf } from "./settings.js";

/** Settings that every optimiser has. */
export interface OptimizerSettings {
  /** Learning rate, 0 or more. */
  lr: number;
  /** Default 0. */
  weightDecay?: number;
  /** Where weight decay acts. Default `l2`. */
  decayMode?: DecayMode;
  /** Goes up the gradient. Default false. */
  maximize?: boolean;
  /** Elements of the gradient are cut to [-clipValue, clipValue], a NaN stays. Default: they are not. */
  clipValue?: number;
}

/** What makes another formula of an update, not only other numbers in it: a shader is compiled for each. */
export type Switches = Readonly<Record<string, string | boolean>>;
type Numbers = Readonly<Record<string, number>>;

/**
 * An optimiser, as a row: what it keeps, what it computes. The formula is written twice, in WGSL and, as the definition of what
 * is right, in f64.
 */
export interface OptimizerRow<S extends OptimizerSettings = OptimizerSettings, W extends Switches = Switches> {
  /** Also the op in errors. */
  readonly name: string;
  /** Throws ArgumentError on settings that make no sense; those of `OptimizerSettings` are checked already. */
  readonly check: (settings: S) => void;
  readonly switches: (settings: S) => W;
  /** Names of its states, at most three. */
  readonly states: (switches: W) => readonly string[];
  /** What states begin with, where it is not 0: a number, or the parameters as they are then. */
  readonly initial?: (settings: S) => Readonly<Record<string, number | "p">>;
  /** Hyperparameters of one step, counted from 1, computed in f64. Which there are depends on the switches alone. */
  readonly hyper: (settings: S, step: number) => Numbers;
  /** Those of them that are others in every step, for steps that are counted on the device. Default: none. */
  readonly byStep?: {
    /** Proportional to the learning rate. */
    readonly rates?: readonly string[];
    readonly others?: readonly string[];
  };
  /**
   * Statements of WGSL. They read p, g (decayed and cut already), the states by name, and hyperparameters as `h.name`; they define
   * p_new and, for every state, its name with _new. T is f32 or vec4<f32>, B the like of bool; `rounded` keeps a product apart
   * from the sum that follows.
   */
  readonly update: (switches: W) => readonly string[];
  /** The same of one element: new values of p and of all states. */
  readonly reference: (element: Numbers, hyper: Numbers, switches: W) => Numbers;
}

// biome-ignore lint/suspicious/noExplicitAny: settings are contravariant in the functions of a row, so no narrower type holds every row.
export type AnyOptimizerRow = OptimizerRow<any, any>;

export interface StepOptions {
  /** Elements in the arenas. */
  count: number;
  /** The step this is, counted from 1. */
  step: number;
}

/** Decay, sign and cut of the gradient: what comes before every row's formula. */
export interface CommonSwitches {
  readonly decay: "none" | DecayMode;
  readonly maximize: boolean;
  readonly clips: boolean;
}

export function commonSwitches({ weightDecay = 0, decayMode = "l2", maximize = false, clipValue }: OptimizerSettings) {
  const decay = weightDecay === 0 ? "none" : decayMode;
  return { decay, maximize, clips: clipValue !== undefined } satisfies CommonSwitches as CommonSwitches;
}

/** Hyperparameters of decay and cut, as far as they act. */
export function commonHyper({ lr, weightDecay = 0, decayMode = "l2", clipValue }: OptimizerSettings): Numbers {
  const decay = decayMode === "decoupled" ? 1 - lr * weightDecay : weightDecay;
  return {
    ...(weightDecay !== 0 && { decay }),
    ...(weightDecay !== 0 && decayMode === "keras" && { decay_lr: lr }),
    ...(clipValue !== undefined && { clip: clipValue }),
  };
}

/** Statements that define p and g for a row's own. */
export function commonUpdate({ decay, maximize, clips }: CommonSwitches): string[] {
  const clipped = clips ? "select(select(e.g, T(-h.clip), e.g < T(-h.clip)), T(h.clip), e.g > T(h.clip))" : "e.g";
  const signed = maximize ? `-(${clipped})` : clipped;
  const weights = {
    none: "e.p",
    l2: "e.p",
    decoupled: "rounded(e.p * h.decay)",
    keras: "e.p - rounded(rounded(e.p * h.decay) * h.decay_lr)",
  };
  return [`let g = ${decay === "l2" ? `fma(T(h.decay), e.p, ${signed})` : signed};`, `let p = ${weights[decay]};`];
}

/** The same of one element. */
export function commonReference(
  p: number,
  gradient: number,
  h: Numbers,
  switches: CommonSwitches,
): { p: number; g: number } {
  const { decay = 0, decay_lr = 0, clip = 0 } = h;
  const clipped = switches.clips ? Math.min(Math.max(gradient, -clip), clip) : gradient;
  const g = switches.maximize ? -clipped : clipped;
  switch (switches.decay) {
    case "l2":
      return { p, g: g + decay * p };
    case "decoupled":
      return { p: p * decay, g };
    case "keras":
      return { p: p - p * decay * decay_lr, g };
    default:
      return { p, g };
  }
}

/** Throws ArgumentError on settings that no row takes. */
export function checkCommon(op: string, settings: OptimizerSettings, { count, step }: StepOptions): void {
  const { lr, weightDecay = 0, decayMode = "l2", clipValue } = settings;
  requireCount(op, "count", count);
  requireCount(op, "step", step);
  requireIn(op, "lr", lr);
  requireIn(op, "weightDecay", weightDecay);
  requireOneOf(op, "decayMode", decayMode, decayModes);
  if (clipValue === undefined || (Number.isFinite(clipValue) && clipValue > 0)) return;
  throw new ArgumentError({ op, argument: "clipValue", expected: "a finite number above 0", given: `${clipValue}` });
}

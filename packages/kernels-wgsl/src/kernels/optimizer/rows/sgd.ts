import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";

/**
 * What the velocity is: `torch` (and optax) accumulates gradients and multiplies by the rate at the step; `keras`
 * accumulates steps, the rate inside, so that a changed rate acts on what comes after only.
 */
export type VelocityMode = "torch" | "keras";
const VELOCITY_MODES = ["torch", "keras"];

export interface SgdSettings extends OptimizerSettings {
  /** Default 0: no velocity. */
  momentum?: number;
  /** Weight taken off the gradient on its way into torch's velocity, but in the first step with momentum. Default 0. */
  dampening?: number;
  /** Default false. Without momentum it changes nothing. */
  nesterov?: boolean;
  /** Default `torch`. */
  velocityMode?: VelocityMode;
}

type SgdSwitches = { velocity: "none" | VelocityMode; nesterov: boolean };

/**
 * Gradient descent. torch and optax: v = momentum v + undamped g, p -= lr v, nesterov: p -= lr (g + momentum v). Keras:
 * v = momentum v - lr g, p += v, nesterov: p += momentum v - lr g.
 */
export const sgd: OptimizerRow<SgdSettings, SgdSwitches> = {
  name: "sgd",
  check: ({ momentum = 0, dampening = 0, velocityMode = "torch" }) => {
    requireIn("sgd", "momentum", momentum);
    requireIn("sgd", "dampening", dampening, Number.NEGATIVE_INFINITY);
    requireOneOf("sgd", "velocityMode", velocityMode, VELOCITY_MODES);
    if (velocityMode === "keras" && dampening !== 0) {
      const expected = "0: Keras' velocity has no dampening";
      throw new ArgumentError({ op: "sgd", argument: "dampening", expected, given: `${dampening}` });
    }
    if (velocityMode === "keras" && momentum > 1)
      throw new ArgumentError({ op: "sgd", argument: "momentum", expected: "at most 1", given: `${momentum}` });
  },
  switches: ({ momentum = 0, nesterov = false, velocityMode = "torch" }) =>
    momentum === 0 ? { velocity: "none", nesterov: false } : { velocity: velocityMode, nesterov },
  states: ({ velocity }) => (velocity === "none" ? [] : ["velocity"]),
  // Before its first step the velocity is 0, and torch's is the gradient then, undamped.
  hyper: ({ lr, momentum = 0, dampening = 0 }, step) => ({ lr, momentum, undamped: step === 1 ? 1 : 1 - dampening }),
  byStep: { others: ["undamped"] },
  update: ({ velocity, nesterov }) => {
    if (velocity === "none") return ["let p_new = p - rounded(g * h.lr);"];
    if (velocity === "keras")
      return [
        "let d = rounded(g * h.lr);",
        "let velocity_new = fma(T(h.momentum), velocity, -d);",
        `let p_new = p + ${nesterov ? "fma(T(h.momentum), velocity_new, -d)" : "velocity_new"};`,
      ];
    return [
      "let velocity_new = fma(T(h.undamped), g, rounded(velocity * h.momentum));",
      `let p_new = p - rounded(${nesterov ? "fma(T(h.momentum), velocity_new, g)" : "velocity_new"} * h.lr);`,
    ];
  },
  reference: ({ p = 0, g = 0, velocity = 0 }, { lr = 0, momentum = 0, undamped = 0 }, switches) => {
    if (switches.velocity === "none") return { p: p - lr * g };
    if (switches.velocity === "keras") {
      const after = momentum * velocity - lr * g;
      return { p: p + (switches.nesterov ? momentum * after - lr * g : after), velocity: after };
    }
    const after = momentum * velocity + undamped * g;
    return { p: p - lr * (switches.nesterov ? g + momentum * after : after), velocity: after };
  },
};

import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn, requireOneOf } from "../settings.js";
import type { VelocityMode } from "./sgd.js";

export interface RmspropSettings extends OptimizerSettings {
  /** Weight of the average of squares, in [0, 1]. Default 0.99, that of torch; Keras and optax have 0.9. */
  rho?: number;
  /** Default 1e-8. */
  eps?: number;
  /** `outside` (torch) adds eps to the root, `inside` (Keras, optax) under it. Default `outside`. */
  epsMode?: "outside" | "inside";
  /** Divides by the deviation of gradients instead of their size. Default false. */
  centered?: boolean;
  /** Default 0: no velocity. */
  momentum?: number;
  /** Default false. Without momentum it changes nothing. */
  nesterov?: boolean;
  /** Whether the rate is outside the velocity (`torch`) or in it (`keras`, optax). Default `torch`. */
  velocityMode?: VelocityMode;
  /** Corrects the averages for their beginning, as Adam does. Default false. */
  biasCorrection?: boolean;
  /** What the average of squares begins with. Default 0. */
  initialScale?: number;
}

type RmspropSwitches = {
  inside: boolean;
  centered: boolean;
  velocity: "none" | VelocityMode;
  nesterov: boolean;
};

/**
 * v = rho v + (1 - rho) g^2, and with `centered` less the square of the average of g; d = g / (sqrt(v) + eps), or over
 * sqrt(v + eps). torch: velocity = momentum velocity + d, p -= lr velocity; Keras: velocity = momentum velocity + lr d, p -= velocity.
 */
export const rmsprop: OptimizerRow<RmspropSettings, RmspropSwitches> = {
  name: "rmsprop",
  check: ({ rho = 0.99, eps = 1e-8, epsMode = "outside", momentum = 0, velocityMode = "torch", initialScale = 0 }) => {
    requireIn("rmsprop", "rho", rho);
    requireIn("rmsprop", "eps", eps);
    requireIn("rmsprop", "momentum", momentum);
    requireIn("rmsprop", "initialScale", initialScale);
    requireOneOf("rmsprop", "epsMode", epsMode, ["outside", "inside"]);
    requireOneOf("rmsprop", "velocityMode", velocityMode, ["torch", "keras"]);
  },
  switches: ({ epsMode, centered = false, momentum = 0, nesterov = false, velocityMode = "torch" }) => ({
    inside: epsMode === "inside",
    centered,
    velocity: momentum === 0 ? "none" : velocityMode,
    nesterov: momentum !== 0 && nesterov,
  }),
  states: ({ centered, velocity }) => [
    "v",
    ...(centered ? ["mean"] : []),
    ...(velocity === "none" ? [] : ["velocity"]),
  ],
  initial: ({ initialScale = 0 }) => ({ v: initialScale }),
  hyper: ({ lr, rho = 0.99, eps = 1e-8, momentum = 0, biasCorrection = false }, step) => ({
    lr,
    rho,
    one_minus_rho: 1 - rho,
    eps,
    momentum,
    bias: biasCorrection ? 1 - rho ** step : 1,
  }),
  byStep: { others: ["bias"] },
  update: ({ inside, centered, velocity, nesterov }) => [
    "let v_new = fma(g * h.one_minus_rho, g, v * h.rho);",
    ...(centered ? ["let mean_new = fma(T(h.one_minus_rho), g, mean * h.rho);", "let mid = mean_new / h.bias;"] : []),
    `let spread = ${centered ? "fma(-mid, mid, rounded(v_new / h.bias))" : "rounded(v_new / h.bias)"};`,
    `let d = g / (${inside ? "sqrt(spread + h.eps)" : "sqrt(spread) + h.eps"});`,
    ...{
      none: ["let p_new = p - rounded(d * h.lr);"],
      torch: [
        "let velocity_new = fma(T(h.momentum), velocity, rounded(d));",
        `let p_new = p - rounded(${nesterov ? "fma(T(h.momentum), velocity_new, d)" : "velocity_new"} * h.lr);`,
      ],
      keras: [
        "let velocity_new = fma(T(h.momentum), velocity, rounded(d * h.lr));",
        `let p_new = p - ${nesterov ? "fma(T(h.momentum), velocity_new, rounded(d * h.lr))" : "velocity_new"};`,
      ],
    }[velocity],
  ],
  reference: ({ p = 0, g = 0, v = 0, mean = 0, velocity = 0 }, h, s) => {
    const { lr = 0, rho = 0, one_minus_rho = 0, eps = 0, momentum = 0, bias = 0 } = h;
    const square = rho * v + one_minus_rho * g ** 2;
    const average = rho * mean + one_minus_rho * g;
    const spread = square / bias - (s.centered ? (average / bias) ** 2 : 0);
    const d = g / (s.inside ? Math.sqrt(spread + eps) : Math.sqrt(spread) + eps);
    const states = { v: square, ...(s.centered && { mean: average }) };
    if (s.velocity === "none") return { p: p - lr * d, ...states };
    const own = s.velocity === "keras" ? lr * d : d;
    const after = momentum * velocity + own;
    const move = s.nesterov ? momentum * after + own : after;
    return { p: p - (s.velocity === "keras" ? 1 : lr) * move, ...states, velocity: after };
  },
};

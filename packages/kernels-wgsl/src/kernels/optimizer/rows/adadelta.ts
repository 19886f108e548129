import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface AdadeltaSettings extends OptimizerSettings {
  /** Weight of both averages, in [0, 1]. Default 0.9, that of torch and optax; Keras has 0.95. */
  rho?: number;
  /** Default 1e-6; Keras has 1e-7. */
  eps?: number;
}

/** v = rho v + (1 - rho) g^2; d = sqrt(moves + eps) / sqrt(v + eps) g; moves = rho moves + (1 - rho) d^2; p -= lr d. */
export const adadelta: OptimizerRow<AdadeltaSettings> = {
  name: "adadelta",
  check: ({ rho = 0.9, eps = 1e-6 }) => {
    requireIn("adadelta", "rho", rho);
    requireIn("adadelta", "eps", eps);
  },
  switches: () => ({}),
  states: () => ["v", "moves"],
  hyper: ({ lr, rho = 0.9, eps = 1e-6 }) => ({ lr, rho, one_minus_rho: 1 - rho, eps }),
  update: () => [
    "let v_new = fma(g * h.one_minus_rho, g, v * h.rho);",
    "let d = sqrt(moves + h.eps) / sqrt(v_new + h.eps) * g;",
    "let moves_new = fma(d * h.one_minus_rho, d, moves * h.rho);",
    "let p_new = p - rounded(d * h.lr);",
  ],
  reference: ({ p = 0, g = 0, v = 0, moves = 0 }, { lr = 0, rho = 0, one_minus_rho = 0, eps = 0 }) => {
    const square = rho * v + one_minus_rho * g ** 2;
    const d = (Math.sqrt(moves + eps) / Math.sqrt(square + eps)) * g;
    return { p: p - lr * d, v: square, moves: rho * moves + one_minus_rho * d ** 2 };
  },
};

import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface ScheduleFreeAdamwSettings extends OptimizerSettings {
  /** Where between the fast sequence (0) and its average (1) gradients are taken, in (0, 1]. Default 0.9. */
  beta1?: number;
  /** Weight of the average of squares. Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  eps?: number;
  /** Steps over which the rate grows to lr. Default 0. */
  warmupSteps?: number;
}

/**
 * Schedule-free AdamW, as Keras has it: p is where gradients are taken, y. v = v + (1 - beta2) (g^2 - v); x = (y - (1 - beta1) z) / beta1;
 * z -= rate g / (sqrt(v / bias2) + eps); x += (z - x) / step; y = beta1 x + (1 - beta1) z. z begins as the parameters.
 */
export const scheduleFreeAdamw: OptimizerRow<ScheduleFreeAdamwSettings> = {
  name: "schedule_free_adamw",
  check: ({ beta1 = 0.9, beta2 = 0.999, eps = 1e-8, warmupSteps = 0 }) => {
    const op = "schedule_free_adamw";
    if (!(beta1 > 0 && beta1 <= 1))
      throw new ArgumentError({ op, argument: "beta1", expected: "above 0 and at most 1", given: `${beta1}` });
    requireIn(op, "beta2", beta2, 0, 1);
    requireIn(op, "eps", eps);
    requireIn(op, "warmupSteps", warmupSteps);
  },
  switches: () => ({}),
  states: () => ["z", "v"],
  initial: () => ({ z: "p" }),
  hyper: ({ lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, warmupSteps = 0 }, step) => ({
    rate: warmupSteps > 0 ? lr * Math.min(1, step / warmupSteps) : lr,
    beta1,
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
    bias2: 1 - beta2 ** step,
    eps,
    averaging: 1 / step,
  }),
  byStep: { rates: ["rate"], others: ["bias2", "averaging"] },
  update: () => [
    "let v_new = fma(fma(g, g, -v), T(h.one_minus_beta2), v);",
    "let x = fma(T(-h.one_minus_beta1), z, p) / h.beta1;",
    "let z_new = z - rounded(g * h.rate / (sqrt(rounded(v_new / h.bias2)) + h.eps));",
    "let x_new = fma(T(h.averaging), z_new - x, x);",
    "let p_new = fma(T(h.beta1), x_new, rounded(z_new * h.one_minus_beta1));",
  ],
  reference: ({ p = 0, g = 0, z = 0, v = 0 }, h) => {
    const { rate = 0, beta1 = 0, one_minus_beta1 = 0, one_minus_beta2 = 0, bias2 = 0, eps = 0, averaging = 0 } = h;
    const square = v + one_minus_beta2 * (g ** 2 - v);
    const x = (p - one_minus_beta1 * z) / beta1;
    const fast = z - (rate * g) / (Math.sqrt(square / bias2) + eps);
    const slow = x + averaging * (fast - x);
    return { p: beta1 * slow + one_minus_beta1 * fast, z: fast, v: square };
  },
};

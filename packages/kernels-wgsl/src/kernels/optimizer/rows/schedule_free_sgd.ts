import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";

export interface ScheduleFreeSgdSettings extends OptimizerSettings {
  /** Where between the fast sequence (0) and its average (1) gradients are taken, in (0, 1]. Default 0.9. */
  beta1?: number;
  /** Weight of this step in the average. Default 1 / step: all steps weigh the same. */
  averaging?: number;
}

/**
 * Schedule-free gradient descent (optax.contrib.schedule_free_sgd): p is where gradients are taken, y. x = (y - (1 - beta1) z) / beta1;
 * z -= lr g; x += averaging (z - x); y = beta1 x + (1 - beta1) z. z begins as the parameters; x is what a model is evaluated with.
 */
export const scheduleFreeSgd: OptimizerRow<ScheduleFreeSgdSettings> = {
  name: "schedule_free_sgd",
  check: ({ beta1 = 0.9, averaging = 1 }) => {
    const op = "schedule_free_sgd";
    if (!(beta1 > 0 && beta1 <= 1))
      throw new ArgumentError({ op, argument: "beta1", expected: "above 0 and at most 1", given: `${beta1}` });
    if (!(averaging >= 0 && averaging <= 1))
      throw new ArgumentError({ op, argument: "averaging", expected: "0 to 1", given: `${averaging}` });
  },
  switches: () => ({}),
  states: () => ["z"],
  initial: () => ({ z: "p" }),
  hyper: ({ lr, beta1 = 0.9, averaging }, step) => ({
    lr,
    beta1,
    one_minus_beta1: 1 - beta1,
    averaging: averaging ?? 1 / step,
  }),
  byStep: { others: ["averaging"] },
  update: () => [
    "let x = fma(T(-h.one_minus_beta1), z, p) / h.beta1;",
    "let z_new = z - rounded(g * h.lr);",
    "let x_new = fma(T(h.averaging), z_new - x, x);",
    "let p_new = fma(T(h.beta1), x_new, rounded(z_new * h.one_minus_beta1));",
  ],
  reference: ({ p = 0, g = 0, z = 0 }, { lr = 0, beta1 = 0, one_minus_beta1 = 0, averaging = 0 }) => {
    const x = (p - one_minus_beta1 * z) / beta1;
    const fast = z - lr * g;
    const slow = x + averaging * (fast - x);
    return { p: beta1 * slow + one_minus_beta1 * fast, z: fast };
  },
};

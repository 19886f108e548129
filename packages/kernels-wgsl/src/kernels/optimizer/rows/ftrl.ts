import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";
import { requireIn } from "../settings.js";

export interface FtrlSettings extends OptimizerSettings {
  /** 0 or less. Default -0.5. */
  lrPower?: number;
  /** What the sum of squares begins with. Default 0.1. */
  initialAccumulator?: number;
  /** Default 0. */
  l1?: number;
  /** Default 0. */
  l2?: number;
  /** Default 0. */
  l2Shrinkage?: number;
  /** Default 0. */
  beta?: number;
}

/**
 * Follow the regularised leader, as Keras has it: sum' = sum + g^2, with s(x) = x^-lr_power
 * linear += g + 2 shrinkage p - (s(sum') - s(sum)) / lr p, p = (clip(linear, -l1, l1) - linear) / (s(sum') / lr + 2 l2 + beta / lr).
 */
export const ftrl: OptimizerRow<FtrlSettings, { root: boolean }> = {
  name: "ftrl",
  check: ({ lr, lrPower = -0.5, initialAccumulator = 0.1, l1 = 0, l2 = 0, l2Shrinkage = 0, beta = 0 }) => {
    if (!(lr > 0)) throw new ArgumentError({ op: "ftrl", argument: "lr", expected: "above 0", given: `${lr}` });
    if (!(lrPower <= 0 && Number.isFinite(lrPower)))
      throw new ArgumentError({ op: "ftrl", argument: "lrPower", expected: "0 or less", given: `${lrPower}` });
    for (const [name, value] of Object.entries({ initialAccumulator, l1, l2, l2Shrinkage, beta }))
      requireIn("ftrl", name, value);
  },
  switches: ({ lrPower = -0.5 }) => ({ root: lrPower === -0.5 }),
  states: () => ["sum", "linear"],
  initial: ({ initialAccumulator = 0.1 }) => ({ sum: initialAccumulator }),
  hyper: ({ lr, lrPower = -0.5, l1 = 0, l2 = 0, l2Shrinkage = 0, beta = 0 }) => ({
    lr,
    power: -lrPower,
    l1,
    quadratic: 2 * (l2 + beta / (2 * lr)),
    shrinkage: 2 * l2Shrinkage,
  }),
  update: ({ root }) => {
    const power = (x: string): string => (root ? `sqrt(${x})` : `pow(${x}, T(h.power))`);
    return [
      "let sum_new = fma(g, g, sum);",
      `let strength = ${power("sum_new")};`,
      `let change = rounded((strength - ${power("sum")}) / h.lr);`,
      "let linear_new = linear + fma(-change, p, fma(T(h.shrinkage), p, g));",
      "let kept = min(max(linear_new, T(-h.l1)), T(h.l1));",
      "let p_new = (kept - linear_new) / (rounded(strength / h.lr) + h.quadratic);",
    ];
  },
  reference: ({ p = 0, g = 0, sum = 0, linear = 0 }, h) => {
    const { lr = 0, power = 0, l1 = 0, quadratic = 0, shrinkage = 0 } = h;
    const after = sum + g ** 2;
    const line = linear + g + shrinkage * p - ((after ** power - sum ** power) / lr) * p;
    const kept = Math.min(Math.max(line, -l1), l1);
    return { p: (kept - line) / (after ** power / lr + quadratic), sum: after, linear: line };
  },
};

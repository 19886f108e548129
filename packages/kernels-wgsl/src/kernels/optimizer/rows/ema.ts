import { ArgumentError } from "../../../errors.js";
import type { OptimizerRow, OptimizerSettings } from "../optimizer_row.js";

/** An exponential moving average: p is the average, g what is averaged, lr its weight, 0 to 1. p += lr (g - p). */
export const ema: OptimizerRow<OptimizerSettings> = {
  name: "ema",
  check: ({ lr }) => {
    if (!(lr <= 1)) throw new ArgumentError({ op: "ema", argument: "lr", expected: "0 to 1", given: `${lr}` });
  },
  switches: () => ({}),
  states: () => [],
  hyper: ({ lr }) => ({ lr, kept: 1 - lr }),
  update: () => ["let p_new = fma(T(h.lr), g, p * h.kept);"],
  reference: ({ p = 0, g = 0 }, { lr = 0, kept = 0 }) => ({ p: kept * p + lr * g }),
};

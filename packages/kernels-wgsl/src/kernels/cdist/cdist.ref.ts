import type { BindingArrays } from "../../cases.js";
import type { CdistParams } from "./cdist.js";

export function cdistForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const { batch, n, m, d } = given as CdistParams;
  const { a, b } = inputs as { a: Float32Array; b: Float32Array };
  const y = new Float32Array(batch * n * m);
  for (let row = 0; row < batch * n; row++)
    for (let j = 0; j < m; j++) {
      const other = Math.floor(row / n) * m + j;
      let sum = 0;
      for (let k = 0; k < d; k++) sum += ((a[row * d + k] as number) - (b[other * d + k] as number)) ** 2;
      y[row * m + j] = Math.sqrt(sum);
    }
  return { y };
}

export function cdistBackwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const { batch, n, m, d } = given as CdistParams;
  const { weights, a, b } = inputs as Record<"weights" | "a" | "b", Float32Array>;
  const da = new Float32Array(batch * n * d);
  for (let row = 0; row < batch * n; row++)
    for (let k = 0; k < d; k++) {
      let sum = 0;
      for (let j = 0; j < m; j++) {
        const other = Math.floor(row / n) * m + j;
        sum += (weights[row * m + j] as number) * ((a[row * d + k] as number) - (b[other * d + k] as number));
      }
      da[row * d + k] = sum;
    }
  return { da };
}

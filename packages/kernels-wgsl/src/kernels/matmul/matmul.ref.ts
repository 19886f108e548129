import type { BindingArrays } from "../../cases.js";
import { unpackHalves } from "../../half.js";
import type { Constants } from "../../kernel.js";
import type { MatmulParams } from "./matmul.js";
import type { MatmulSplitKReduceParams } from "./matmul_split_k.js";

/** y[batch, m, n] = activate(sum over k of a * b + bias), any strides. `activate` knows the identity and relu. */
export function matmulReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as MatmulParams;
  const { a, b, bias } = inputs as { a: Float32Array; b: Float32Array; bias?: Float32Array };
  const count = p.batch.reduce((product, extent) => product * extent, 1);
  const y = new Float32Array(count * p.m * p.n);
  for (let batch = 0, at = 0; batch < count; batch++) {
    let rest = batch;
    let aBase = 0;
    let bBase = 0;
    for (let d = 3; d >= 0; d--) {
      const extent = p.batch[d] as number;
      aBase += (rest % extent) * (p.a_batch[d] as number);
      bBase += (rest % extent) * (p.b_batch[d] as number);
      rest = Math.floor(rest / extent);
    }
    for (let row = 0; row < p.m; row++) {
      for (let col = 0; col < p.n; col++, at++) {
        let sum = p.has_bias ? (bias?.[col] as number) : 0;
        for (let k = 0; k < p.k; k++)
          sum += (a[aBase + row * p.a_row + k * p.a_k] as number) * (b[bBase + k * p.b_k + col * p.b_col] as number);
        y[at] = constants.activate === "max(v, 0.0)" ? Math.max(sum, 0) : sum;
      }
    }
  }
  return { y };
}

/** y[e] = activate(sum over chunks of partial[chunk, e] + add[e % period]); period 0 means no add. */
export function matmulSplitKReduceReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as MatmulSplitKReduceParams;
  const { partial, add } = inputs as { partial: Float32Array; add?: Float32Array };
  const y = new Float32Array(p.count);
  for (let e = 0; e < p.count; e++) {
    let sum = p.period > 0 ? (add?.[e % p.period] as number) : 0;
    for (let chunk = 0; chunk < p.chunks; chunk++) sum += partial[chunk * p.count + e] as number;
    y[e] = constants.activate === "max(v, 0.0)" ? Math.max(sum, 0) : sum;
  }
  return { y };
}

/** matmul of the numbers that the halves stand for. */
export function matmulF16Reference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { a, b, ...others } = inputs as { a: Uint32Array; b: Uint32Array };
  return matmulReference({ ...others, a: unpackHalves(a, "f16"), b: unpackHalves(b, "f16") }, given, constants);
}

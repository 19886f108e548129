import type { BindingArrays } from "../../cases.js";
import type { AttentionForwardParams } from "./attention_forward.js";

export function attentionForwardReference({ q, k, v }: BindingArrays, given: object): BindingArrays {
  const p = given as AttentionForwardParams;
  const y = new Float32Array(p.matrices * p.length * p.value_width);
  const statistics = new Float32Array(2 * p.matrices * p.length);
  for (let matrix = 0; matrix < p.matrices; matrix++) {
    const [batch, head] = [Math.floor(matrix / p.heads), matrix % p.heads];
    const shared = Math.floor(head / p.group);
    for (let t = 0; t < p.length; t++) {
      const qAt = batch * p.q_batch + head * p.q_head + t * p.q_row;
      const scores: { s: number; score: number }[] = [];
      for (let s = Math.max(0, t - p.low); s <= Math.min(p.keys - 1, t + p.high); s++) {
        const kAt = batch * p.k_batch + shared * p.k_head + s * p.k_row;
        let product = 0;
        for (let c = 0; c < p.width; c++) product += (q?.[qAt + c] as number) * (k?.[kAt + c] as number);
        scores.push({ s, score: product * Math.fround(p.scale) });
      }
      const top = scores.length === 0 ? 0 : Math.max(...scores.map(({ score }) => score));
      const exponentials = scores.map(({ score }) => Math.exp(score - top));
      const sum = exponentials.reduce((total, e) => total + e, 0);
      const inverse = sum === 0 && p.empty_zero ? 0 : 1 / sum;
      const yAt = batch * p.y_batch + head * p.y_head + t * p.y_row;
      for (let c = 0; c < p.value_width; c++) {
        const vAt = batch * p.v_batch + shared * p.v_head + c;
        const total = scores.reduce(
          (part, { s }, i) => part + (exponentials[i] as number) * (v?.[vAt + s * p.v_row] as number),
          0,
        );
        y[yAt + c] = total * inverse;
      }
      statistics[matrix * p.length + t] = top;
      statistics[(p.matrices + matrix) * p.length + t] = inverse;
    }
  }
  return { y, statistics };
}

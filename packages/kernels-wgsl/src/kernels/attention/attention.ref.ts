import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { unitAt } from "../random/random.ref.js";
import type { AttentionSoftmaxParams } from "./attention.js";

/** A row's probabilities, which keys it sees, and the factors of dropout. */
function probabilities(inputs: BindingArrays, p: AttentionSoftmaxParams, constants: Constants, r: number) {
  const head = Math.floor(r / p.span);
  const t = p.first_row + (r % p.span);
  const number = head * p.length + t;
  const seen: boolean[] = [];
  const scores = Array.from({ length: p.keys }, (_, j) => {
    const s = p.first_key + j;
    const at =
      Math.floor(head / p.heads) * p.mask_batch + (head % p.heads) * p.mask_head + t * p.mask_row + s * p.mask_key;
    const mask = inputs.mask?.[at] as number;
    seen.push(s <= t + p.high && s >= t - p.low && (constants.MASK !== "1u" || mask !== 0));
    const score = (inputs.scores?.[r * p.keys + j] as number) * Math.fround(p.scale);
    return seen[j] ? score + (constants.MASK === "2u" ? mask : 0) : p.unseen;
  });
  const most = Math.max(...scores);
  const top = most === Number.NEGATIVE_INFINITY ? 0 : most;
  const exponentials = scores.map((v) => Math.exp(v - top));
  const sum = exponentials.reduce((total, e) => total + e, 0);
  const inverse = sum === 0 && p.empty_zero ? 0 : 1 / sum;
  const kept = scores.map((_, j) => {
    if (!constants.DROPS) return 1;
    const draw = unitAt({ ...p, offset: 0 } as never, number * p.all_keys + p.first_key + j);
    return draw < Math.fround(p.keep_prob) ? 1 / Math.fround(p.keep_prob) : 0;
  });
  return { number, top, inverse, seen, kept, shares: exponentials.map((e) => e * inverse) };
}

export function attentionSoftmaxForwardReference(
  inputs: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as AttentionSoftmaxParams;
  const scores = new Float32Array(p.rows * p.keys);
  const statistics = Float32Array.from(inputs.statistics as Float32Array);
  for (let r = 0; r < p.rows; r++) {
    const { number, top, inverse, shares, kept } = probabilities(inputs, p, constants, r);
    for (const [j, share] of shares.entries()) scores[r * p.keys + j] = share * (kept[j] as number);
    statistics[number] = top;
    statistics[(p.rows / p.span) * p.length + number] = inverse;
  }
  return { scores, statistics };
}

export function attentionSoftmaxBackwardReference(
  inputs: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as AttentionSoftmaxParams;
  const scores = new Float32Array(p.rows * p.keys);
  const dp = new Float32Array(p.rows * p.keys);
  for (let r = 0; r < p.rows; r++) {
    const { shares, kept, seen } = probabilities(inputs, p, constants, r);
    const g = shares.map((_, j) => (inputs.dp?.[r * p.keys + j] as number) * (kept[j] as number));
    const sum = shares.reduce((total, share, j) => total + share * (g[j] as number), 0);
    for (const [j, share] of shares.entries()) {
      scores[r * p.keys + j] = share * (kept[j] as number);
      dp[r * p.keys + j] = seen[j] ? share * ((g[j] as number) - sum) * Math.fround(p.scale) : 0;
    }
  }
  return { scores, dp };
}

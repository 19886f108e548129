import {
  add,
  batchNorm,
  conv2d,
  embedding,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  recurrent,
  relu,
  reshape,
  softmax,
  type Tensor,
  transpose,
  where,
} from "@facet/autograd";
import type { NetworkOps } from "../networks.js";

/** Facet's ops for the networks; images NHWC. `future` is [steps, steps]: true where a step would see a later one. */
export function facetNetworkOps(future: (steps: number) => Tensor): NetworkOps<Tensor> {
  const heads = (x: Tensor, count: number): Tensor => {
    const [batch, steps, width] = x.shape as [number, number, number];
    return transpose(reshape(x, [batch, steps, count, width / count]), [0, 2, 1, 3]);
  };
  return {
    conv: (x, filter, stride) => {
      const border = ((filter.shape[0] as number) - 1) / 2;
      return conv2d(x, filter, undefined, {
        ...{ layout: "NHWC", filterLayout: "HWIO", dilation: [1, 1], groups: 1 },
        ...{ stride: [stride, stride], padding: [border, border, border, border] },
      });
    },
    batchNorm: (x, scale, bias) => batchNorm(x, { scale, bias, epsilon: 1e-5, axis: -1 }).y,
    relu,
    add,
    globalMean: (x) => mean(x, { axes: [1, 2] }),
    dense: (x, matrix, bias) => {
      const features = x.shape.at(-1) as number;
      const y = matmul(reshape(x, [x.size / features, features]), matrix, { bias });
      return reshape(y, [...x.shape.slice(0, -1), matrix.shape[1] as number]);
    },
    embed: (table, tokens) => embedding(table, tokens),
    layerNorm: (x, scale, bias) => layerNorm(x, { scale, bias, epsilon: 1e-5 }),
    causalAttention: (q, k, v, count) => {
      const [batch, steps, width] = q.shape as [number, number, number];
      const scores = mul(matmul(heads(q, count), heads(k, count), { transposeB: true }), Math.sqrt(count / width));
      const weights = softmax(where(future(steps), Number.NEGATIVE_INFINITY, scores));
      return reshape(transpose(matmul(weights, heads(v, count)), [0, 2, 1, 3]), [batch, steps, width]);
    },
    gelu: (x) => gelu(x, true),
    lstm: (x, input, weights, bias) =>
      recurrent("lstm", transpose(x, [1, 0, 2]), { input, recurrent: weights, bias }, { weightLayout: "in_out" }).h,
  };
}

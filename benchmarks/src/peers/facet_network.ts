import {
  add,
  attention,
  batchNorm,
  conv2d,
  embedding,
  gelu,
  layerNorm,
  matmul,
  mean,
  recurrent,
  relu,
  reshape,
  type Tensor,
  transpose,
} from "@facet/autograd";
import type { NetworkOps } from "../networks.js";

/** Facet's ops for the networks; images NHWC. */
export function facetNetworkOps(): NetworkOps<Tensor> {
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
      const heads = (x: Tensor): Tensor => reshape(x, [batch, steps, count, width / count]);
      return reshape(attention(heads(q), heads(k), heads(v), { layout: "BTHD", causal: true }), [batch, steps, width]);
    },
    gelu: (x) => gelu(x, true),
    lstm: (x, input, weights, bias) =>
      recurrent("lstm", transpose(x, [1, 0, 2]), { input, recurrent: weights, bias }, { weightLayout: "in_out" }).h,
  };
}

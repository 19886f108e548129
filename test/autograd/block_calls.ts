// What the functions of PyTorch, Keras and flax are in the core's own: the arguments of golden cases, translated.
import * as F from "@facet/autograd";
import type { GoldenCase } from "@facet/testing";

/** The result, and further ones by the name that the file has for them. */
export type Results = { readonly y: F.Tensor } & Readonly<Record<string, F.Tensor>>;
/** `inputs` are those that are differentiated, by name; integers are read from the case. */
export type BlockCall = (row: GoldenCase, inputs: Readonly<Record<string, F.Tensor>>) => F.Tensor | Results;

const whole = (row: GoldenCase, name: string): F.Tensor => F.fromData(row.ints(name), row.tensor(name).shape, "int32");
const seen = (row: GoldenCase): F.Tensor | undefined =>
  row.has("mask") ? F.cast(whole(row, "mask"), "bool") : undefined;
const spaced = (from: number, to: number, count: number): F.Tensor => F.linspace(from, to, count);

/** Running statistics before the batch, and after it. */
function trained(row: GoldenCase, x: F.Tensor, given: F.ChannelNormOptions, start: F.BatchStatistics, weight: number) {
  const { y, batch, count } = F.batchNorm(x, given);
  const unbiased = row.params.fn === "batch_norm";
  const running = F.runningStatistics(start, batch, { weight, unbiased, count });
  return { y, running_mean: running.mean, running_variance: running.variance };
}

const startOf = (channels: number): F.BatchStatistics => ({
  mean: spaced(-1, 1, channels),
  variance: spaced(0.5, 2, channels),
});

export const torchCalls: Readonly<Record<string, BlockCall>> = {
  batch_norm: (row, { x, scale, bias }) =>
    trained(row, x!, { epsilon: row.params.eps, scale, bias }, startOf(x!.shape[1]!), row.params.momentum),
  batch_norm_inference: ({ params }, { x, scale, bias }) =>
    F.batchNormInference(x!, startOf(x!.shape[1]!), { epsilon: params.eps, scale, bias }),
  layer_norm: ({ params }, { x, ...given }) => F.layerNorm(x!, { epsilon: params.eps, count: params.count, ...given }),
  rms_norm: ({ params }, { x, ...given }) => F.rmsNorm(x!, { epsilon: params.eps, count: params.count, ...given }),
  group_norm: ({ params }, { x, ...given }) => F.groupNorm(x!, params.groups, { epsilon: params.eps, ...given }),
  instance_norm: ({ params }, { x, ...given }) => F.instanceNorm(x!, { epsilon: params.eps, ...given }),
  weight_norm: ({ params }, { v, g }) => F.weightNorm(v!, g!, params.dim ?? undefined),
  spectral_norm: ({ params }, { w }) => {
    const unit = (x: F.Tensor): F.Tensor => F.div(x, F.norm(x));
    const [rows, columns] = [w!.shape[0]!, w!.size / w!.shape[0]!];
    const state = { u: unit(spaced(1, 2, rows)), v: unit(spaced(-1, 2, columns)) };
    const { weight, u, v } = F.spectralNorm(w!, state, { iterations: params.iterations });
    return { y: weight, u, v };
  },
  embedding: (row, { w }) =>
    F.embedding(w!, whole(row, "index"), {
      paddingIndex: row.params.padding_idx,
      scaleByFrequency: row.params.scale_grad_by_freq ?? false,
    }),
  renorm: (row, { w }) => {
    const { max_norm, norm_type } = row.params;
    const index = whole(row, "index");
    const table = F.renormRows(w!, index, max_norm, norm_type === "inf" ? Number.POSITIVE_INFINITY : Number(norm_type));
    return { y: F.add(F.embedding(table, index), F.mul(F.sum(w!), 0)), table };
  },
  embedding_bag: (row, { w, weights }) =>
    F.embeddingBag(w!, whole(row, "index"), {
      mode: row.params.mode,
      offsets: row.has("offsets") ? whole(row, "offsets") : undefined,
      includeLastOffset: row.params.include_last_offset ?? false,
      paddingIndex: row.params.padding_idx ?? undefined,
      sampleWeights: weights,
    }),
  einsum: ({ params }, operands) => F.einsum(params.equation, ...Object.values(operands)),
  attention: (row, { q, k, v, bias }) =>
    F.attention(q!, k!, v!, {
      mask: bias ?? seen(row),
      causal: row.params.is_causal ?? false,
      scale: row.params.scale,
    }),
  multi_head_attention: (row, { q, k, v, w, wq, wk, wv, b, wo, bo, bk, bv }) => {
    const part = (i: number): F.Tensor => F.sliceAlong(b!, 0, 6 * i, 6 * (i + 1));
    const line = (bias: F.Tensor | undefined): F.Tensor | undefined => bias && F.reshape(bias, [6]);
    return F.multiHeadAttention(q!, k!, v!, {
      heads: 2,
      input: w
        ? { weight: w, bias: b }
        : {
            q: { weight: wq!, bias: part(0) },
            k: { weight: wk!, bias: part(1) },
            v: { weight: wv!, bias: part(2) },
          },
      output: { weight: wo!, bias: bo },
      biasKey: line(bk),
      biasValue: line(bv),
      zeroAttention: row.params.add_zero_attn ?? false,
      mask: seen(row),
      weights: true,
    }) as Results;
  },
};

/** Attention as JAX and Keras have it: heads inside, equal shares where nothing is seen. */
const headsInside: BlockCall = (row, { q, k, v, bias }) => {
  const { scale, is_causal: causal = false, local_window_size: [before, after] = [] } = row.params;
  return F.attention(q!, k!, v!, {
    layout: "BTHD",
    emptyRows: "uniform",
    mask: bias ?? seen(row),
    window: { before, after },
    scale,
    causal,
  });
};

export const kerasCalls: Readonly<Record<string, BlockCall>> = {
  batch_normalization: (row, { x }) => {
    const { axis, epsilon, momentum } = row.params;
    const channels = x!.shape.at(axis)!;
    const start = { mean: F.zeros([channels]), variance: F.ones([channels]) };
    return trained(row, x!, { axis, epsilon }, start, 1 - momentum);
  },
  batch_normalization_given: ({ params: { axis, epsilon } }, { x, mean, scale, bias }) =>
    F.batchNormInference(x!, { mean: mean!, variance: F.add(F.square(mean!), 0.5) }, { axis, epsilon, scale, bias }),
  group_normalization: ({ params: { groups, epsilon } }, { x }) => F.groupNorm(x!, groups, { axis: -1, epsilon }),
  dot_product_attention: headsInside,
  rms_normalization: ({ params: { epsilon } }, { x, scale }) => F.rmsNorm(x!, { epsilon, scale }),
};

export const jaxCalls: Readonly<Record<string, BlockCall>> = {
  BatchNorm: ({ params: { epsilon } }, { x, ...given }) => F.batchNorm(x!, { axis: -1, epsilon, ...given }).y,
  LayerNorm: ({ params: { epsilon } }, { x, ...given }) => F.layerNorm(x!, { epsilon, ...given }),
  dot_product_attention: headsInside,
  RMSNorm: ({ params: { epsilon } }, { x, ...given }) => F.rmsNorm(x!, { epsilon, ...given }),
};

import type { NetworkOps } from "../networks.js";

type Jax = typeof import("@jax-js/jax");
type Array = import("@jax-js/jax").Array;

/**
 * jax-js' ops for the networks, for use under `jit`; images NCHW, channels' weights [c, 1, 1]. Functions free what they are given, so each gets a further
 * reference.
 */
export function jaxJsNetworkOps({ numpy: np, nn, lax }: Jax): NetworkOps<Array> {
  const normalised = (x: Array, axes: number[], scale: Array, bias: Array): Array => {
    const centred = x.ref.sub(np.mean(x.ref, axes, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
    return centred
      .mul(np.reciprocal(np.sqrt(variance.add(1e-5))))
      .mul(scale.ref)
      .add(bias.ref);
  };
  const heads = (x: Array, count: number): Array => {
    const [batch, steps, width] = x.shape as [number, number, number];
    return np.transpose(x.ref.reshape([batch, steps, count, width / count]), [0, 2, 1, 3]);
  };
  const dense = (x: Array, matrix: Array, bias: Array): Array => {
    const features = x.shape.at(-1) as number;
    const y = np.matmul(x.ref.reshape([x.size / features, features]), matrix.ref).add(bias.ref);
    return y.reshape([...x.shape.slice(0, -1), matrix.shape[1] as number]);
  };
  return {
    conv: (x, filter, stride) => {
      const border = ((filter.shape[2] as number) - 1) / 2;
      const padding: [number, number] = [border, border];
      return lax.convGeneralDilated(x.ref, filter.ref, [stride, stride], [padding, padding]);
    },
    batchNorm: (x, scale, bias) => normalised(x, [0, 2, 3], scale, bias),
    relu: (x) => nn.relu(x.ref),
    add: (a, b) => a.ref.add(b.ref),
    globalMean: (x) => np.mean(x.ref, [2, 3]),
    dense,
    // jit has no gradient of take.
    embed: (table, tokens) => {
      const [rows, width] = table.shape as [number, number];
      const chosen = nn.oneHot(tokens.ref.reshape([-1]), rows);
      return np.matmul(chosen, table.ref).reshape([...tokens.shape, width]);
    },
    layerNorm: (x, scale, bias) => normalised(x, [-1], scale, bias),
    // nn.dotProductAttention is the same by einsum, which needs iterators' methods of Node 22.
    causalAttention: (q, k, v, count) => {
      const [, steps, width] = q.shape as [number, number, number];
      const keys = np.transpose(heads(k, count), [0, 1, 3, 2]);
      const scores = np.matmul(heads(q, count), keys).mul(Math.sqrt(count / width));
      const seen = np.where(np.tri(steps, steps, 0, { dtype: np.bool }), scores, Number.NEGATIVE_INFINITY);
      const y = np.matmul(nn.softmax(seen), heads(v, count));
      return np.transpose(y, [0, 2, 1, 3]).reshape([...q.shape]);
    },
    gelu: (x) => nn.gelu(x.ref),
    lstm: (x, input, recurrent, bias) => {
      const [batch, steps] = x.shape as [number, number];
      const units = recurrent.shape[0] as number;
      const sums = dense(x, input, bias);
      let h = np.zeros([batch, units]);
      let c = np.zeros([batch, units]);
      for (let step = 0; step < steps; step++) {
        const own = sums.ref.slice([], step);
        const all = own.add(np.matmul(h, recurrent.ref));
        const [i, f, candidate, o] = np.split(all, 4, 1) as [Array, Array, Array, Array];
        c = nn
          .sigmoid(f)
          .mul(c)
          .add(nn.sigmoid(i).mul(np.tanh(candidate)));
        h = nn.sigmoid(o).mul(np.tanh(c.ref));
      }
      return h;
    },
  };
}

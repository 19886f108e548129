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
    return x.ref.reshape([batch, steps, count, width / count]);
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
    embed: (table, tokens) => np.take(table.ref, tokens.ref, 0),
    layerNorm: (x, scale, bias) => normalised(x, [-1], scale, bias),
    causalAttention: (q, k, v, count) => {
      const y = nn.dotProductAttention(heads(q, count), heads(k, count), heads(v, count), { isCausal: true });
      return y.reshape([...q.shape]);
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

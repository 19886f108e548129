import type { NetworkOps } from "../networks.js";

type Tf = typeof import("@tensorflow/tfjs");
type Tensor = import("@tensorflow/tfjs").Tensor;
type Tensor2D = import("@tensorflow/tfjs").Tensor2D;
type Tensor3D = import("@tensorflow/tfjs").Tensor3D;
type Tensor4D = import("@tensorflow/tfjs").Tensor4D;

/** TensorFlow.js' ops for the networks, as its layers use them; images NHWC. `future` is [steps, steps]: 1 where a step would see a later one. */
export function tfjsNetworkOps(tf: Tf, future: (steps: number) => Tensor): NetworkOps<Tensor> {
  const normalised = (x: Tensor, axes: number[], scale: Tensor, bias: Tensor): Tensor => {
    const { mean, variance } = tf.moments(x, axes, true);
    return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(scale).add(bias);
  };
  const heads = (x: Tensor, count: number): Tensor => {
    const [batch, steps, width] = x.shape as [number, number, number];
    return x.reshape([batch, steps, count, width / count]).transpose([0, 2, 1, 3]);
  };
  const dense = (x: Tensor, matrix: Tensor, bias: Tensor): Tensor => {
    const features = x.shape.at(-1) as number;
    const rows = x.reshape([x.size / features, features]) as Tensor2D;
    const y = tf.fused.matMul({ a: rows, b: matrix as Tensor2D, bias });
    return y.reshape([...x.shape.slice(0, -1), matrix.shape[1] as number]);
  };
  return {
    conv: (x, filter, stride) =>
      tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, ((filter.shape[0] as number) - 1) / 2, "NHWC", 1, "floor"),
    batchNorm: (x, scale, bias) => normalised(x, [0, 1, 2], scale, bias),
    relu: (x) => tf.relu(x),
    add: (a, b) => tf.add(a, b),
    globalMean: (x) => tf.mean(x, [1, 2]),
    dense,
    embed: (table, tokens) => tf.gather(table, tokens as Tensor2D),
    layerNorm: (x, scale, bias) => normalised(x, [-1], scale, bias),
    causalAttention: (q, k, v, count) => {
      const [batch, steps, width] = q.shape as [number, number, number];
      const scores = tf.matMul(heads(q, count), heads(k, count), false, true).mul(Math.sqrt(count / width));
      const weights = tf.softmax(scores.sub(future(steps).mul(1e9)));
      return tf.matMul(weights, heads(v, count)).transpose([0, 2, 1, 3]).reshape([batch, steps, width]);
    },
    gelu: (x) =>
      x.mul(0.5).mul(
        x
          .mul(x)
          .mul(x)
          .mul(0.044715)
          .add(x)
          .mul(Math.sqrt(2 / Math.PI))
          .tanh()
          .add(1),
      ),
    lstm: (x, input, recurrent, bias) => {
      const [batch, steps] = x.shape as [number, number];
      const units = recurrent.shape[0] as number;
      const sums = tf.unstack(dense(x, input, bias) as Tensor3D, 1);
      let h = tf.zeros([batch, units]) as Tensor;
      let c = tf.zeros([batch, units]) as Tensor;
      for (let step = 0; step < steps; step++) {
        const all = (sums[step] as Tensor).add(tf.matMul(h as Tensor2D, recurrent as Tensor2D));
        const [i, f, candidate, o] = tf.split(all, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
        c = f.sigmoid().mul(c).add(i.sigmoid().mul(candidate.tanh()));
        h = o.sigmoid().mul(c.tanh());
      }
      return h;
    },
  };
}

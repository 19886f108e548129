// No layers: a list of weights, the network as a function of them, a gradient tape.
import * as facet from "@facet/autograd";
import type { ImageSplit } from "@facet/datasets";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

type Tensor = facet.Tensor;

const conv = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  layout: "NHWC",
  filterLayout: "HWIO",
} as const;
const pool = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" } as const;
const pooled = (extent: number) => Math.floor((extent - 2) / 2);

function network([w1, b1, w2, b2, w, b]: Tensor[], x: Tensor, dropout_key?: facet.Key): Tensor {
  x = facet.relu(facet.conv2d(x, w1!, b1, conv));
  x = facet.maxPool2d(x, pool);
  x = facet.relu(facet.conv2d(x, w2!, b2, conv));
  x = facet.maxPool2d(x, pool);
  x = facet.reshape(x, [x.shape[0]!, -1]);
  if (dropout_key) x = facet.dropout(x, 0.5, dropout_key);
  return facet.matmul(x, w!, { bias: b });
}

const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  facet.softmaxCrossEntropy(logits, labels, { labels: "index", reduction: "mean", labelSmoothing: 0 }).loss;

/** Brings a data set to the device once; gives batches of it, images in [0, 1]. */
function batches({ images, labels, count, height, width, channels }: ImageSplit) {
  const x = facet.fromData(images, [count, height, width, channels], "uint8");
  const y = facet.fromData(labels, [count], "int32");
  return (rows: Int32Array): [Tensor, Tensor] => {
    const index = facet.fromData(rows, [rows.length], "int32");
    return [facet.u8ToF32(facet.gather(x, index)), facet.gather(y, index)];
  };
}

export const program: Program = async (run) => {
  await facet.startDevice();
  const { train, test } = run.data;
  const [weights_key, order_key, dropout_key] = facet.splitKey(facet.keyFromSeed(run.seed), 3);
  const train_batches = batches(train);
  const test_batches = batches(test);

  const features = 64 * pooled(pooled(train.height)) * pooled(pooled(train.width));
  const shapes = [[3, 3, train.channels, 32], [32], [3, 3, 32, 64], [64], [features, 10], [10]];
  const initializer = facet.glorotUniform();
  const weights = shapes.map((shape, i) =>
    facet.variable(shape.length === 1 ? facet.zeros(shape) : initializer(facet.foldIn(weights_key!, i), shape)),
  );
  const optimizer = new facet.FlatOptimizer(facet.adam, weights, { lr: 1e-3, eps: 1e-7, epsMode: "keras" });

  const trainStep = (rows: Int32Array, key: facet.Key): Tensor =>
    facet.scope(() => {
      const [x, y] = train_batches(rows);
      const loss = crossEntropy(network(weights, x, key), y);
      optimizer.step(facet.gradients(loss, weights));
      return loss;
    });

  run.phase("train");
  let step = 0;
  for (let epoch = 0; epoch < run.epochs; epoch++) {
    const order = facet.permutation(facet.foldIn(order_key!, epoch), train.count);
    for (let start = 0; start < train.count; start += 128) {
      await run.step(trainStep(order.slice(start, start + 128), facet.foldIn(dropout_key!, step++)));
    }
    await run.epoch();
  }

  run.phase("predict");
  let correct = 0;
  const rows = Int32Array.from({ length: test.count }, (_, i) => i);
  for (let start = 0; start < test.count; start += 128) {
    const hits = facet.scope(() => {
      const [x, y] = test_batches(rows.slice(start, start + 128));
      const logits = facet.noGrad(() => network(weights, x));
      const predicted = facet.argmax(logits, 1);
      return facet.sum(facet.cast(facet.equal(predicted, y), "float32"));
    });
    correct += await hits.item();
  }
  return { parameters: weights.reduce((sum, weight) => sum + weight.size, 0), accuracy: correct / test.count };
};

await alone(import.meta, program);

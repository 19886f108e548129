// The CNN of examples/src as one program whose every default can be set to that of another framework. With the choices of
// `aligned` its losses are bitwise those of the aligned programs in the three dialects, which a test holds.
import * as facet from "@facet/autograd";
import type { ImageSplit } from "@facet/datasets";
import { alignedWeights, type Weight } from "@facet/examples/aligned";
import type { Program } from "@facet/examples/articles";

type Tensor = facet.Tensor;

/** What frameworks decide for their users, and articles get wrong. */
export interface Choices {
  /** Whose initialiser: U(+-1 / sqrt(fan in)); Glorot uniform with zeros; Glorot normal with small normals. */
  weights: "torch" | "keras" | "stax";
  /** Whose Adam: epsilon of 1e-8 inside the bias correction, or 1e-7 outside. */
  adam: "torch" | "keras";
  /** What Adam's bias corrections count. */
  adamCounts: "steps" | "epochs";
  order: "stored" | "shuffled";
  /** Share of the images, from the first, that is trained on. */
  trainedOn: number;
  /** Probability that dropout drops a feature. */
  dropout: number;
  padding: "valid" | "same";
  /** Epsilon of a layer normalisation before dropout; undefined: there is none. */
  layerNorm: number | undefined;
  /** What a byte of an image is divided by. */
  divisor: number;
  /** What the loss is multiplied by before it is differentiated. */
  lossScale: number;
}

export const aligned: Choices = {
  weights: "torch",
  adam: "torch",
  adamCounts: "steps",
  order: "stored",
  trainedOn: 1,
  dropout: 0.5,
  padding: "valid",
  layerNorm: undefined,
  divisor: 255,
  lossScale: 1,
};

const BATCH = 128;
const layout = { layout: "NCHW", filterLayout: "OIHW", dilation: [1, 1], groups: 1 } as const;
const pool = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NCHW" } as const;

/** The program that makes these choices. */
export function programOf(choices: Choices): Program {
  return async (run) => {
    await facet.startDevice();
    const { train, test } = run.data;
    const table = facet.fromData(
      Float32Array.from({ length: 256 }, (_, byte) => byte / choices.divisor),
      [256],
    );
    const [trainBatch, testBatch] = [batches(train, table), batches(test, table)];
    const initial = await initialWeights(choices, run.seed, train);
    const weights = initial.map(({ shape, data }) => facet.variable(facet.fromData(data, shape)));
    const optimizer = new facet.FlatOptimizer(
      facet.adam,
      weights,
      choices.adam === "keras" ? { lr: 1e-3, eps: 1e-7, epsMode: "keras" } : { lr: 1e-3, eps: 1e-8, epsMode: "torch" },
    );
    const key = facet.keyFromSeed(run.seed);
    let step = 0;
    const trainStep = facet.capture((index: Tensor) => {
      const [x, y] = trainBatch(index);
      const dropoutKey = facet.drawnKey(() => facet.foldIn(key, step++));
      const losses = crossEntropy(network(choices, weights, x, dropoutKey), y);
      const loss = facet.mean(losses);
      const scaled = choices.lossScale === 1 ? loss : facet.mul(loss, choices.lossScale);
      optimizer.step(facet.gradients(scaled, weights));
      return loss;
    });

    run.phase("train");
    const count = Math.floor(train.count * choices.trainedOn);
    const orderKey = facet.foldIn(key, 2 ** 31);
    for (let epoch = 0; epoch < run.epochs; epoch++) {
      const order =
        choices.order === "stored"
          ? Int32Array.from({ length: count }, (_, i) => i)
          : facet.permutation(facet.foldIn(orderKey, epoch), count);
      for (let start = 0; start < count; start += BATCH) {
        if (choices.adamCounts === "epochs") optimizer.steps.fill(epoch);
        const rows = order.slice(start, start + BATCH);
        await run.step(trainStep(facet.fromData(rows, [rows.length], "int32")));
      }
      await run.epoch();
    }

    run.phase("predict");
    const hits = facet.capture((index: Tensor) => {
      const [x, y] = testBatch(index);
      const predicted = facet.noGrad(() => facet.argmax(network(choices, weights, x), 1));
      return facet.sum(facet.cast(facet.equal(predicted, y), "float32"));
    });
    let correct = 0;
    for (let start = 0; start < test.count; start += BATCH) {
      const rows = facet.arange(start, Math.min(start + BATCH, test.count), 1, "int32");
      correct += Number(await hits(rows).item());
    }
    for (const owner of [trainStep, hits, optimizer]) owner.dispose();
    return { parameters: weights.reduce((sum, { size }) => sum + size, 0), accuracy: correct / test.count };
  };
}

function network(choices: Choices, [w1, b1, w2, b2, w, b]: Tensor[], x: Tensor, dropoutKey?: facet.Key): Tensor {
  const border = choices.padding === "same" ? 1 : 0;
  const conv = { ...layout, stride: [1, 1], padding: [border, border, border, border] } as const;
  const first = facet.maxPool2d(facet.relu(facet.conv2d(x, w1 as Tensor, b1, conv)), pool);
  const second = facet.maxPool2d(facet.relu(facet.conv2d(first, w2 as Tensor, b2, conv)), pool);
  let features = facet.reshape(second, [x.shape[0] as number, -1]);
  if (choices.layerNorm !== undefined) features = layerNorm(features, choices.layerNorm);
  if (dropoutKey) features = facet.dropout(features, choices.dropout, dropoutKey);
  return facet.matmul(features, w as Tensor, { transposeB: true, bias: b });
}

/** Each row with mean 0 and variance 1, but for epsilon. */
function layerNorm(x: Tensor, epsilon: number): Tensor {
  const along = { axes: [1], keepdims: true };
  const centred = facet.sub(x, facet.mean(x, along));
  const variance = facet.mean(facet.square(centred), along);
  return facet.mul(centred, facet.rsqrt(facet.add(variance, epsilon)));
}

const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  facet.softmaxCrossEntropy(logits, labels, { labels: "index", reduction: "none", labelSmoothing: 0 }).loss;

function batches(
  { images, labels, count, height, width, channels }: ImageSplit,
  table: Tensor,
): (index: Tensor) => [Tensor, Tensor] {
  const x = facet.fromData(images, [count, channels, height, width], "uint8");
  const y = facet.fromData(Int32Array.from(labels), [count], "int32");
  return (index) => [facet.gatherBytes(x, index, table), facet.gather(y, index)];
}

/** In torch's shapes, as alignedWeights has them: filter and bias of each layer. */
async function initialWeights({ weights, padding }: Choices, seed: number, { channels, height, width }: ImageSplit) {
  const like = await alignedWeights(seed, channels, height, width, padding === "same" ? 1 : 0);
  if (weights === "torch") return like;
  const key = facet.foldIn(facet.keyFromSeed(seed), 1);
  const drawn: Weight[] = [];
  for (const [i, { shape }] of like.entries()) {
    const tensor = facet.scope(() => drawWeight(weights, facet.foldIn(key, i), shape));
    drawn.push({ shape, data: Float32Array.from(await tensor.data()) });
    tensor.dispose();
  }
  return drawn;
}

function drawWeight(weights: "keras" | "stax", key: facet.Key, shape: number[]): Tensor {
  // stax gives the bias of a convolution 1e-6 and that of a dense layer, which has ten elements here, 1e-2.
  if (shape.length === 1)
    return weights === "keras" ? facet.zeros(shape) : facet.normal(key, shape, 0, shape[0] === 10 ? 1e-2 : 1e-6);
  const axes = { inAxis: 1, outAxis: 0 };
  return (weights === "keras" ? facet.glorotUniform(axes) : facet.glorotNormal(axes))(key, shape);
}

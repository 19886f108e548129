// The CNN of the articles as a JAX user writes it: stax layers, value_and_grad, an optimiser triple.
import { fileURLToPath } from "node:url";
import { defaultDataset, type ImageSplit, loadDataset } from "@facet/datasets";
import * as jax from "@facet/shims-jax";
import { alignedWeights, transposed, type Weight } from "./aligned.js";
import type { TrainOptions, TrainResult } from "./options.js";
import { StepLog } from "./steps.js";

const { numpy: jnp, random, optax, tree_util } = jax;
const { stax, optimizers } = jax.example_libraries;
type Array = InstanceType<typeof jax.Array>;

/** Trains on `data.train`, evaluates on `data.test`. */
export async function runJax(options: TrainOptions): Promise<TrainResult> {
  const { data, epochs, batchSize, seed, align, plan = true, onStep } = options;
  const { count, height, width, channels } = data.train;
  // With one channel both layouts are the same bytes.
  const spec = align ? (["NCHW", "OIHW", "NCHW"] as const) : (["NHWC", "HWIO", "NHWC"] as const);
  const shape = align ? [-1, channels, height, width] : [-1, height, width, channels];

  const [init_features, features] = stax.serial(
    stax.GeneralConv(spec, 32, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2], "VALID", spec[0]),
    stax.GeneralConv(spec, 64, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2], "VALID", spec[0]),
    stax.Flatten,
  );
  const [, dropout] = stax.Dropout(0.5); // the probability of keeping
  const [init_classifier, classifier] = stax.Dense(10);

  // Aligned programs look quotients up that the host has made, as division on a GPU may be off by a bit.
  const levels = jnp.array(Float32Array.from({ length: 256 }, (_, byte) => byte / 255));
  const images = (x: Array) =>
    align ? levels.take(x.astype(jnp.int32)).reshape(shape) : x.reshape(shape).astype(jnp.float32).div(255);
  const predict = (params: Params, x: Array): Array => classifier(params.classifier, features(params.features, x));
  const loss = (params: Params, x: Array, y: Array, rng: Key): Array => {
    const hidden = dropout([], features(params.features, x), { rng });
    return optax.softmax_cross_entropy_with_integer_labels(classifier(params.classifier, hidden), y).mean();
  };

  const key = random.key(seed);
  const [features_key, classifier_key, shuffle_key] = random.split(key, 3) as [Key, Key, Key];
  const [hidden_shape, features_params] = init_features(features_key, shape);
  const [, classifier_params] = init_classifier(classifier_key, hidden_shape);
  const initial = { features: features_params, classifier: classifier_params };
  const params: Params = align ? alignedParams(await alignedWeights(seed, channels, height, width)) : initial;

  const [opt_init, opt_update, get_params] = optimizers.adam(1e-3);
  const step = jax.jit(
    (i: number, opt_state: ReturnType<typeof opt_init>, x: Array, y: Array) => {
      const rng = random.fold_in(key, i);
      const [value, grads] = jax.value_and_grad(loss)(get_params(opt_state), images(x), y, rng);
      return [value, opt_update(i, grads, opt_state)] as const;
    },
    { donate_argnums: [1, 2, 3] },
  );
  const correct = jax.jit((params: Params, x: Array, y: Array) => predict(params, images(x)).argmax(1).equal(y).sum());

  const train = onDevice(data.train);
  const test = onDevice(data.test);
  let opt_state = opt_init(params);
  const steps = Math.ceil(count / batchSize);
  const log = new StepLog(steps, onStep);
  const epochSeconds: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    const order = align ? jnp.arange(count) : random.permutation(random.fold_in(shuffle_key, epoch), count);
    log.start();
    for (let i = 0; i < steps; i++) {
      const index = order.slice([i * batchSize, (i + 1) * batchSize]);
      const [x, y] = [train.images.take(index, 0), train.labels.take(index, 0)];
      const update = () => step(epoch * steps + i, opt_state, x, y);
      const [value, next] = plan ? update() : jax.disable_jit(update);
      opt_state = next;
      await log.add(epoch, i, value);
    }
    epochSeconds.push((performance.now() - began) / 1000);
  }

  let hits = 0;
  for (let start = 0; start < data.test.count; start += batchSize) {
    const rows: [number, number] = [start, Math.min(start + batchSize, data.test.count)];
    const index = jnp.arange(...rows);
    const [x, y] = [test.images.take(index, 0), test.labels.take(index, 0)];
    hits += Number(await correct(get_params(opt_state), x, y).item());
  }
  const parameters = tree_util.tree_reduce((sum: number, leaf: Array) => sum + leaf.size, params, 0);
  return { parameters, ...log.result(), testAccuracy: hits / data.test.count, epochSeconds };
}

type Key = ReturnType<typeof random.key>;
interface Params {
  features: readonly (readonly Array[])[];
  classifier: readonly Array[];
}

/** Images as bytes [n, pixels] and labels, brought to the device once; batches are rows taken from them there. */
const onDevice = ({ images, labels, count }: ImageSplit): { images: Array; labels: Array } => ({
  images: jnp.array(images).reshape([count, -1]),
  labels: jnp.array(Int32Array.from(labels)),
});

/** The shared weights as this model's tree. */
function alignedParams([w1, b1, w2, b2, w, b]: Weight[]): Params {
  const of = ({ shape, data }: Weight, as: readonly number[] = shape) => jnp.array(data).reshape(as);
  const conv = (filter: Weight, bias: Weight) => [of(filter), of(bias, [1, bias.data.length, 1, 1])];
  const features = [conv(w1 as Weight, b1 as Weight), [], [], conv(w2 as Weight, b2 as Weight), [], [], []];
  return { features, classifier: [of(transposed(w as Weight)), of(b as Weight)] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const data = await loadDataset(await defaultDataset());
  const report = ({
    epoch,
    step,
    steps,
    loss,
  }: {
    epoch: number;
    step: number;
    steps: number;
    loss: number | undefined;
  }) => {
    if (step % 50 === 0 || step === steps) console.log(`epoch ${epoch} step ${step}/${steps} loss ${loss?.toFixed(4)}`);
  };
  const result = await runJax({ data, epochs: 1, batchSize: 128, seed: 0, align: false, onStep: report });
  console.log(`${result.parameters} parameters, test accuracy ${result.testAccuracy}`);
}

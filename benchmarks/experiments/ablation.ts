import { aligned, type Choices, programOf } from "../src/experiments/ablation_program.js";
import type { Comparison, Experiment, ExperimentProgram } from "../src/experiments/experiment.js";

const program = (name: string, title: string, choices: Partial<Choices> = {}): ExperimentProgram => ({
  name,
  title,
  load: async () => programOf({ ...aligned, ...choices }),
});

const keras = { weights: "keras", adam: "keras", order: "shuffled", trainedOn: 0.9 } as const;
const stax = { weights: "stax", order: "shuffled" } as const;

const ALL_KERAS = "all of Keras' defaults";
const ALL_JAX = "all of JAX' defaults";

const comparisons: readonly Comparison[] = [
  { title: ALL_KERAS, framework: "Keras", from: "aligned", to: "keras_all" },
  {
    title: "initialiser: Glorot uniform, zero biases",
    framework: "Keras",
    from: "aligned",
    to: "keras_weights",
    partOf: ALL_KERAS,
  },
  {
    title: "Adam's epsilon: 1e-7, outside the correction",
    framework: "Keras",
    from: "aligned",
    to: "keras_adam",
    partOf: ALL_KERAS,
  },
  {
    title: "order: shuffled every epoch",
    framework: "Keras, PyTorch, JAX",
    from: "aligned",
    to: "shuffled",
    partOf: ALL_KERAS,
  },
  {
    title: "validation split: last tenth not trained on",
    framework: "Keras",
    from: "aligned",
    to: "validation_split",
    partOf: ALL_KERAS,
  },
  { title: ALL_JAX, framework: "JAX", from: "aligned", to: "jax_all" },
  {
    title: "initialiser: Glorot normal, small normal biases",
    framework: "JAX (stax)",
    from: "aligned",
    to: "stax_weights",
    partOf: ALL_JAX,
  },
  { title: "padding: same instead of valid", framework: "TensorFlow's tutorial", from: "aligned", to: "padding_same" },
  {
    title: "dropout 0.25 read as the probability to keep",
    framework: "JAX (stax)",
    from: "dropout_25",
    to: "dropout_keep_25",
  },
  {
    title: "layer norm's epsilon: 1e-3 instead of 1e-5",
    framework: "Keras",
    from: "layer_norm",
    to: "layer_norm_keras",
  },
  { title: "layer norm's epsilon: 1e-6 instead of 1e-5", framework: "Flax", from: "layer_norm", to: "layer_norm_flax" },
  { title: "images of 0 to 255", framework: "as printed, Keras", from: "aligned", to: "raw_images" },
  { title: "loss averaged over classes too", framework: "as printed, JAX", from: "aligned", to: "loss_over_classes" },
  { title: "Adam stepped with the epoch's index", framework: "as printed, JAX", from: "aligned", to: "adam_by_epoch" },
];

export const ablation: Experiment = {
  name: "ablation",
  title: "Why frameworks differ: one default at a time",
  question: "From programs that agree to the bit: what does each default of a framework change, by itself?",
  network:
    "Conv 3x3 32, max pool 2, conv 3x3 64, max pool 2, dropout 0.5, dense 10; relu; Adam; batch 128; written on the core.",
  batchSize: 128,
  data: ["mnist"],
  programs: [
    program("aligned", "aligned: PyTorch's weights and Adam, stored order"),
    program("keras_all", ALL_KERAS, keras),
    program("jax_all", ALL_JAX, stax),
    program("keras_weights", "Keras' initialiser", { weights: "keras" }),
    program("stax_weights", "stax' initialiser", { weights: "stax" }),
    program("keras_adam", "Keras' Adam", { adam: "keras" }),
    program("shuffled", "shuffled", { order: "shuffled" }),
    program("validation_split", "validation split 0.1", { trainedOn: 0.9 }),
    program("padding_same", "padding same", { padding: "same" }),
    program("dropout_25", "dropout 0.25", { dropout: 0.25 }),
    program("dropout_keep_25", "dropout 0.75", { dropout: 0.75 }),
    program("layer_norm", "layer norm, epsilon 1e-5", { layerNorm: 1e-5 }),
    program("layer_norm_keras", "layer norm, epsilon 1e-3", { layerNorm: 1e-3 }),
    program("layer_norm_flax", "layer norm, epsilon 1e-6", { layerNorm: 1e-6 }),
    program("raw_images", "images 0 to 255", { divisor: 1 }),
    program("loss_over_classes", "loss over classes", { lossScale: 0.1 }),
    program("adam_by_epoch", "Adam by epoch", { adamCounts: "epochs" }),
  ],
  full: { limit: 12_800, epochs: 2, seeds: 5 },
  small: { limit: 256, testLimit: 128, epochs: 1, seeds: 1, programs: ["aligned", "keras_weights", "keras_adam"] },
  published: [],
  comparisons,
};

import type { Experiment } from "../src/experiments/experiment.js";
import { article } from "./article_program.js";

export const cifar10Cnn: Experiment = {
  name: "cifar10-cnn",
  title: "A small CNN on CIFAR-10, as printed and as intended",
  question: "How much of what an article blamed on frameworks was in its programs?",
  network:
    "Conv 3x3 16 pad 1, max pool 2, conv 3x3 32 pad 1, max pool 2, dense 64, dense 10; relu; Adam 1e-4; batch 128; 136 874 parameters.",
  batchSize: 128,
  data: ["cifar10"],
  programs: [
    article("cifar10_cnn/torch", "PyTorch"),
    article("cifar10_cnn/keras", "Keras"),
    article("cifar10_cnn/keras_as_printed", "Keras, as printed", "images of 0 to 255"),
    article("cifar10_cnn/jax", "JAX"),
    article("cifar10_cnn/jax_as_printed", "JAX, as printed", "the epoch in place of the step, a mean over classes"),
  ],
  full: { epochs: 5, seeds: 1 },
  small: { limit: 256, testLimit: 128, epochs: 1, seeds: 1 },
  published: [
    { program: "torch", data: "cifar10", accuracy: 0.456, firstEpochSeconds: 16 },
    { program: "keras_as_printed", data: "cifar10", accuracy: 0.335, firstEpochSeconds: 13, epochSeconds: 2.5 },
    { program: "jax_as_printed", data: "cifar10", accuracy: 0.3, firstEpochSeconds: 180, epochSeconds: 68 },
  ],
};

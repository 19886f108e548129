import type { Experiment } from "../src/experiments/experiment.js";
import { article } from "./article_program.js";

export const mnistCnn: Experiment = {
  name: "mnist-cnn",
  title: "One CNN on MNIST, five ways to write it",
  question: "Does the way a network is written change what it learns, or how long that takes?",
  network:
    "Conv 3x3 32, max pool 2, conv 3x3 64, max pool 2, dropout 0.5, dense 10; relu; Adam; batch 128; 34 826 parameters.",
  batchSize: 128,
  data: ["mnist"],
  programs: [
    article("mnist_cnn/keras_sequential", "Keras, sequential"),
    article("mnist_cnn/keras_functional", "Keras, functional"),
    article("mnist_cnn/torch", "PyTorch"),
    article("mnist_cnn/tape", "autograd tape"),
    article("mnist_cnn/jax", "JAX"),
  ],
  full: { epochs: 5, seeds: 1 },
  small: { limit: 256, testLimit: 128, epochs: 1, seeds: 1 },
  published: [
    { program: "keras_sequential", data: "mnist", accuracy: 0.988, firstEpochSeconds: 25, epochSeconds: 25 },
    { program: "torch", data: "mnist", accuracy: 0.988 },
    { program: "tape", data: "mnist", accuracy: 0.987 },
  ],
};

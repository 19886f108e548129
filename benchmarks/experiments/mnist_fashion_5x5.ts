import type { Experiment } from "../src/experiments/experiment.js";
import { article } from "./article_program.js";

export const mnistFashion5x5: Experiment = {
  name: "mnist-fashion-5x5",
  title: "A larger CNN on MNIST and Fashion-MNIST",
  question: "Is one framework's CNN more accurate than another's, on an easy set and on a harder one?",
  network:
    "Conv 5x5 32 pad 2, max pool 2, conv 5x5 64 pad 2, max pool 2, dense 1024, dropout 0.5, dense 10; relu; Adam; batch 128; 3 274 634 parameters.",
  batchSize: 128,
  data: ["mnist", "fashion_mnist"],
  programs: [
    article("fashion_5x5/tape", "autograd tape"),
    article("fashion_5x5/torch", "PyTorch"),
    article("fashion_5x5/keras", "Keras"),
  ],
  full: { epochs: 5, seeds: 5 },
  small: { limit: 128, testLimit: 128, epochs: 1, seeds: 1 },
  published: [
    { program: "tape", data: "mnist", accuracy: 0.9917, spread: 0.001 },
    { program: "torch", data: "mnist", accuracy: 0.9865, spread: 0.0007 },
    { program: "keras", data: "mnist", accuracy: 0.9894, spread: 0.0009 },
    { program: "tape", data: "fashion_mnist", accuracy: 0.9093, spread: 0.0026 },
    { program: "torch", data: "fashion_mnist", accuracy: 0.8988, spread: 0.0037 },
    { program: "keras", data: "fashion_mnist", accuracy: 0.9123, spread: 0.0017 },
  ],
};

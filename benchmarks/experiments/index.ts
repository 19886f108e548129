import type { Experiment } from "../src/experiments/experiment.js";
import { ablation } from "./ablation.js";
import { cifar10Cnn } from "./cifar10_cnn.js";
import { mnistCnn } from "./mnist_cnn.js";
import { mnistFashion5x5 } from "./mnist_fashion_5x5.js";

/** In the order of the report. */
export const experiments: readonly Experiment[] = [mnistCnn, mnistFashion5x5, cifar10Cnn, ablation];

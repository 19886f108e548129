import type { Experiment } from "../src/experiments/experiment.js";
import { ablation } from "./ablation.js";
import { mnistCnn } from "./mnist_cnn.js";

/** In the order of the report. */
export const experiments: readonly Experiment[] = [mnistCnn, ablation];

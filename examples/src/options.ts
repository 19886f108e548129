import type { ImageDataset } from "@facet/datasets";

/** What the program asks of a dialect's CNN. */
export interface TrainOptions {
  /** Images, already limited to what is to be seen. */
  data: ImageDataset;
  epochs: number;
  batchSize: number;
  seed: number;
  /** Denotes the same arithmetic in every dialect, so that their losses are bitwise equal; see aligned.ts. */
  align: boolean;
  /**
   * Whether the training step runs as a replayed plan. Default: as the dialect does, so with Keras' fit and jax.jit, and
   * without in a PyTorch loop. The bits are the same.
   */
  plan?: boolean | undefined;
  onStep?: (step: StepInfo) => void;
}

export interface StepInfo {
  /** From 0. */
  epoch: number;
  /** Steps of this epoch that are done. */
  step: number;
  /** Steps of an epoch. */
  steps: number;
  /** The newest loss that has been read back; undefined until there is one. */
  loss: number | undefined;
}

export interface TrainResult {
  parameters: number;
  /** Per step, in order. */
  losses: number[];
  testAccuracy: number;
  epochSeconds: number[];
  /** Time per step in milliseconds, as the program sees it. */
  stepMs: number[];
}

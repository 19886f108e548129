import * as keras from "@facet/shims-keras";
import type { Run } from "./run.js";

/** For fit: tells the run of every step and every epoch. */
export const progress = (run: Run) =>
  keras.callbacks.LambdaCallback({
    on_train_batch_end: (_batch, logs) => run.step({ item: () => logs?.facet.batch_loss ?? NO_LOSS }),
    on_epoch_end: (_epoch, logs) => run.epoch(logs),
  });

const NO_LOSS = Promise.resolve(Number.NaN);

// What an experiment hands to a program of the articles, and what the program tells it in return.
import type { ImageDataset } from "@facet/datasets";
import type { PendingLoss } from "../src/loss_reader.js";

/** Parts of a program that the articles time apart. Loading the data comes before the program. */
export type Phase = "build" | "train" | "predict";

/** Means over an epoch, as the program itself would print them. */
export interface EpochLogs {
  loss?: number;
  accuracy?: number;
  val_loss?: number;
  val_accuracy?: number;
}

export interface Run {
  /** Images to train and to test on, already limited to what is to be seen. */
  readonly data: ImageDataset;
  readonly epochs: number;
  /** Of everything that is drawn: weights, order, dropout. */
  readonly seed: number;
  /** From here on the program is in this phase. It begins in "build". */
  phase(name: Phase): void;
  /** A training step is encoded. The loss is read later, many at a time. */
  step(loss: PendingLoss): Promise<void>;
  /** An epoch is over. */
  epoch(logs?: EpochLogs): Promise<void>;
}

/** What a program found on the test images. */
export interface Outcome {
  parameters: number;
  /** Between 0 and 1. */
  accuracy: number;
  /** Absent where the article's program does not compute one. */
  loss?: number;
}

/** A program of the articles: builds a network, trains it, tests it. */
export type Program = (run: Run) => Promise<Outcome>;

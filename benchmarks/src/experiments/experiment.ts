import type { DatasetName } from "@facet/datasets";
import type { Program } from "@facet/examples/articles";

/** How much of an experiment is run. */
export interface Scale {
  /** Training and test images; absent: all there are. */
  limit?: number;
  testLimit?: number;
  epochs: number;
  /** Repetitions, with seeds 0, 1, ... */
  seeds: number;
}

/** One program of an experiment. */
export interface ExperimentProgram {
  /** Within the experiment, for example "keras_sequential". */
  name: string;
  title: string;
  /** What the article's program has wrong, kept on purpose: its outcome is no result of the framework. */
  mistake?: string;
  load: () => Promise<Program>;
}

/** A figure that an article reports, to stand beside ours. */
export interface Published {
  program: string;
  data: DatasetName;
  /** Mean test accuracy, between 0 and 1, and one standard deviation where there is one. */
  accuracy?: number;
  spread?: number;
  /** Of the first epoch and of later ones, on the article's machine. */
  firstEpochSeconds?: number;
  epochSeconds?: number;
}

/** Two programs that differ in one respect, or in all in which a framework's defaults differ. */
export interface Comparison {
  /** What was changed, for example "Keras' initialiser". */
  title: string;
  /** Whose default it is. */
  framework: string;
  from: string;
  to: string;
  /** Title of the comparison of all switches that this one is part of: its share of that effect is reported. */
  partOf?: string;
}

/** What an experiment is, as data: which programs run on which images how often, and what is known of the outcome. */
export interface Experiment {
  name: string;
  title: string;
  /** What is asked, in a sentence. */
  question: string;
  /** Layer by layer, in words. */
  network: string;
  batchSize: number;
  data: readonly DatasetName[];
  programs: readonly ExperimentProgram[];
  /** As the articles ran it. */
  full: Scale;
  /** As the bench runs it in passing; `programs`: only these. */
  small: Scale & { programs?: readonly string[] };
  published: readonly Published[];
  /** What is compared seed by seed; absent: nothing is. */
  comparisons?: readonly Comparison[];
}

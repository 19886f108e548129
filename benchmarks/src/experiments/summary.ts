// What the results of an experiment say, per program and data set.
import { type Estimate, estimate, median } from "../statistics.js";
import type { Comparison, Experiment } from "./experiment.js";
import type { OriginalResult } from "./originals.js";
import type { UnitResult } from "./store.js";

export interface ProgramSummary {
  program: string;
  title: string;
  /** What the program has wrong on purpose: its outcome is no result. */
  mistake?: string;
  data: string;
  images: "real" | "generated";
  trainImages: number;
  testImages: number;
  epochs: number;
  parameters: number;
  accuracy: Estimate;
  /** The Python program in its own framework, on as many images for as many epochs. */
  original?: { accuracy: Estimate; versions: string };
  /** Of the last epoch's training loss, as the steps' mean. */
  finalLoss: Estimate;
  /** Accuracy on validation images after the first epoch, where the program validates. */
  firstValidationAccuracy?: Estimate;
  firstEpochSeconds: number;
  /** Median of the later epochs; NaN for one epoch. */
  steadyEpochSeconds: number;
  firstStepMs: number;
  steadyStepMs: number;
  /** Means of the seconds spent loading, building, training and predicting. */
  phases: { load: number; build: number; train: number; predict: number };
  peakBytes: number;
  /** Mean loss of every step over the repetitions. */
  losses: number[];
  /** Same as that of another program where all losses of seed 0 are bitwise the same. */
  lossDigest: string;
}

/** Images seen in training below which a network has not learnt what it can. */
const SMALL = 10_000;
export const isSmall = ({ trainImages, epochs }: ProgramSummary): boolean => trainImages * epochs < SMALL;

/** Differences, to minus from, of runs with the same seed and images. */
export interface ComparisonSummary extends Comparison {
  accuracy: Estimate;
  /** Of the last epoch's training loss. */
  loss: Estimate;
  /** Whether all losses of all pairs are the same to the bit. */
  sameBits: boolean;
}

export interface ExperimentSummary {
  name: string;
  title: string;
  question: string;
  network: string;
  comparisons: ComparisonSummary[];
  adapter: UnitResult["adapter"];
  host: Omit<UnitResult["host"], "load">;
  /** Lowest and highest load of the machine, in runnable processes, as the programs ended. */
  load: [number, number];
  date: string;
  notes: string[];
  programs: ProgramSummary[];
  published: Experiment["published"];
  /** The results themselves, for charts of single repetitions. */
  accuracies: { program: string; data: string; seed: number; accuracy: number; finalLoss: number }[];
}

/** Undefined where there is no result. */
export function summarise(
  experiment: Experiment,
  units: readonly UnitResult[],
  originals: readonly OriginalResult[] = [],
): ExperimentSummary | undefined {
  const [first] = units;
  if (first === undefined) return undefined;
  const dates = units.map(({ date }) => date).sort();
  const loads = units.map(({ host }) => host.load);
  const notes = new Set(units.flatMap(({ data }) => data.note ?? []));
  const sets = [...new Set(units.map(({ data }) => data.name))];
  const programs = sets.flatMap((data) =>
    experiment.programs.flatMap(({ name, title, mistake }) => {
      const own = units.filter((unit) => unit.program === name && unit.data.name === data);
      return own.length === 0
        ? []
        : [
            {
              ...summariseProgram(title, own as [UnitResult, ...UnitResult[]], originals),
              ...(mistake !== undefined && { mistake }),
            },
          ];
    }),
  );
  return {
    name: experiment.name,
    title: experiment.title,
    question: experiment.question,
    network: experiment.network,
    comparisons: (experiment.comparisons ?? []).flatMap((comparison) => compareUnits(comparison, units) ?? []),
    adapter: first.adapter,
    host: { cpu: first.host.cpu, cores: first.host.cores, node: first.host.node },
    load: [Math.min(...loads), Math.max(...loads)],
    date: dates.at(-1) as string,
    notes: [...notes],
    programs,
    published: experiment.published,
    accuracies: units.map((unit) => ({
      program: unit.program,
      data: unit.data.name,
      seed: unit.seed,
      accuracy: unit.record.accuracy,
      finalLoss: finalLoss(unit),
    })),
  };
}

function summariseProgram(
  title: string,
  units: [UnitResult, ...UnitResult[]],
  originals: readonly OriginalResult[],
): ProgramSummary {
  const [first] = units;
  const { program, data, scale } = first;
  const same = originals.filter(
    (one) =>
      one.program === program &&
      one.data === data.name &&
      one.train === data.train &&
      one.test === data.test &&
      one.epochs === scale.epochs,
  );
  const mean = (of: (unit: UnitResult) => number): number => estimate(units.map(of)).mean;
  const validation = units.flatMap(({ record }) => record.epochs[0]?.val_accuracy ?? []);
  const steps = Math.min(...units.map(({ record }) => record.losses.length));
  return {
    program: first.program,
    title,
    data: first.data.name,
    images: first.data.images,
    trainImages: first.data.train,
    testImages: first.data.test,
    epochs: first.scale.epochs,
    parameters: first.record.parameters,
    accuracy: estimate(units.map(({ record }) => record.accuracy)),
    ...(same.length > 0 && { original: summariseOriginals(same) }),
    finalLoss: estimate(units.map(finalLoss)),
    ...(validation.length > 0 && { firstValidationAccuracy: estimate(validation) }),
    firstEpochSeconds: median(units.map(({ record }) => record.epochs[0]?.seconds ?? Number.NaN)),
    steadyEpochSeconds: median(units.flatMap(({ record }) => record.epochs.slice(1).map(({ seconds }) => seconds))),
    firstStepMs: median(units.map(({ record }) => record.firstStepMs)),
    steadyStepMs: median(units.flatMap(({ record }) => record.stepMs)),
    phases: {
      load: mean(({ loadSeconds }) => loadSeconds),
      build: mean(({ record }) => record.phases.build),
      train: mean(({ record }) => record.phases.train),
      predict: mean(({ record }) => record.phases.predict),
    },
    peakBytes: Math.max(...units.map(({ memory }) => memory.peak)),
    losses: Array.from({ length: steps }, (_, step) => mean(({ record }) => record.losses[step] as number)),
    lossDigest: (units.find(({ seed }) => seed === 0) ?? first).lossDigest,
  };
}

function summariseOriginals(results: readonly OriginalResult[]): { accuracy: Estimate; versions: string } {
  const versions = new Set(
    results.map((result) =>
      Object.entries(result.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ),
  );
  return { accuracy: estimate(results.map(({ accuracy }) => accuracy)), versions: [...versions].join("; ") };
}

function compareUnits(comparison: Comparison, units: readonly UnitResult[]): ComparisonSummary | undefined {
  const pairs = units
    .filter(({ program }) => program === comparison.to)
    .flatMap((to) => {
      const from = units.find(
        ({ program, seed, data }) => program === comparison.from && seed === to.seed && data.name === to.data.name,
      );
      return from ? [{ from, to }] : [];
    });
  if (pairs.length === 0) return undefined;
  return {
    ...comparison,
    accuracy: estimate(pairs.map(({ from, to }) => to.record.accuracy - from.record.accuracy)),
    loss: estimate(pairs.map(({ from, to }) => finalLoss(to) - finalLoss(from))),
    sameBits: pairs.every(({ from, to }) => from.lossDigest === to.lossDigest),
  };
}

/** Mean over the last epoch's steps: one step's loss says little. */
function finalLoss({ record, scale }: UnitResult): number {
  const { losses } = record;
  const steps = Math.ceil(losses.length / scale.epochs);
  return losses.slice(-steps).reduce((sum, loss) => sum + loss, 0) / Math.min(steps, losses.length);
}

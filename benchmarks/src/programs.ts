import { device } from "@facet/autograd";
import type { ImageDataset } from "@facet/datasets";
import type { TrainOptions, TrainResult } from "@facet/examples/options";
import { summarise } from "./sample.js";

/** The dialects as their users run them; PyTorch op by op, and with its step compiled. */
export const dialects = ["keras", "torch", "torch.compile", "jax"] as const;
export type DialectName = (typeof dialects)[number];

export interface ProgramRow {
  dialect: DialectName;
  aligned: boolean;
  parameters: number;
  images: number;
  batchSize: number;
  /** The first step compiles the pipelines. */
  firstStepMs: number;
  /** Median of the later steps. */
  steadyStepMs: number;
  /** Their first and third quartile; absent where the first step is the only one, and in reports before these were noted. */
  steadyQuartilesMs?: [number, number];
  epochSeconds: number;
  finalLoss: number;
  testAccuracy: number;
  peakBytes: number;
}

const programs: Record<DialectName, () => Promise<(options: TrainOptions) => Promise<TrainResult>>> = {
  keras: async () => (await import("@facet/examples/keras")).runKeras,
  torch: async () => (await import("@facet/examples/torch")).runTorch,
  "torch.compile": async () => {
    const { runTorch } = await import("@facet/examples/torch");
    return (options) => runTorch({ ...options, plan: true });
  },
  jax: async () => (await import("@facet/examples/jax")).runJax,
};

/** Trains the CNN for one epoch in one dialect. */
export async function benchProgram(
  dialect: DialectName,
  data: ImageDataset,
  aligned: boolean,
  progress: (text: string) => void,
): Promise<ProgramRow> {
  const batchSize = 128;
  const run = await programs[dialect]();
  device().resetPeak();
  const result = await run({
    data,
    epochs: 1,
    batchSize,
    seed: 1,
    align: aligned,
    onStep: ({ step, steps, loss }) =>
      progress(
        `${dialect}${aligned ? " aligned" : ""}: step ${step}/${steps}${loss === undefined ? "" : `, loss ${loss.toFixed(3)}`}`,
      ),
  });
  const [first = Number.NaN, ...later] = result.stepMs;
  const steady = summarise(later);
  return {
    dialect,
    aligned,
    parameters: result.parameters,
    images: data.train.count,
    batchSize,
    firstStepMs: first,
    steadyStepMs: later.length > 0 ? steady.medianMs : first,
    ...(later.length > 0 && { steadyQuartilesMs: [steady.lowMs, steady.highMs] }),
    epochSeconds: result.epochSeconds[0] as number,
    finalLoss: result.losses.at(-1) as number,
    testAccuracy: result.testAccuracy,
    peakBytes: device().memory().peak,
  };
}

export const describeData = (data: ImageDataset): string => `${data.name}, tested on ${data.test.count} images`;

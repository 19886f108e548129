import { device } from "@facet/autograd";
import type { ImageDataset } from "@facet/datasets";
import type { TrainOptions, TrainResult } from "@facet/examples/options";
import { collectGarbage } from "@facet/kernels-wgsl";
import { type DialectName, isCaptured } from "./dialects.js";
import { summarise, type Timing } from "./sample.js";

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
  /** A step on a batch that is always the same, the dialects in turn: what compares them. Absent in aligned programs. */
  inTurn?: Timing;
  epochSeconds: number;
  finalLoss: number;
  testAccuracy: number;
  peakBytes: number;
  /** What the peak was made of; absent in older reports, as the next. */
  peakByOwner?: Record<string, number>;
  /** Device memory held between steps, at the end of training. */
  liveBytes?: number;
}

const programs: Record<string, () => Promise<(options: TrainOptions) => Promise<TrainResult>>> = {
  keras: async () => (await import("@facet/examples/keras")).runKeras,
  torch: async () => (await import("@facet/examples/torch")).runTorch,
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
  const run = await (programs[dialect.split(".")[0] as string] as (typeof programs)[string])();
  // What the program before has left is freed when JavaScript collects its handles.
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 20));
  device().resetPeak();
  let liveBytes = Number.NaN;
  const result = await run({
    data,
    epochs: 1,
    batchSize,
    seed: 1,
    align: aligned,
    plan: isCaptured(dialect),
    onStep: ({ step, steps, loss }) => {
      if (step === steps) liveBytes = device().memory().live;
      progress(
        `${dialect}${aligned ? " aligned" : ""}: step ${step}/${steps}${loss === undefined ? "" : `, loss ${loss.toFixed(3)}`}`,
      );
    },
  });
  const { peak, peakByOwner } = device().memory();
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
    peakBytes: peak,
    peakByOwner,
    liveBytes,
  };
}

export const describeData = (data: ImageDataset): string => `${data.name}, tested on ${data.test.count} images`;

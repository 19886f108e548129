// Normalisations with running statistics, as functions.
import * as core from "@facet/autograd";
import { type Args, bool, define, number } from "@facet/dialect";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";

const named = (name: string): string => `torch.nn.functional.${name}`;
const optional = tensor.or(null);

export interface Affine {
  /** Factor of each channel. */
  weight: Tensor | null;
  /** Added to each channel. */
  bias: Tensor | null;
}
export interface Running {
  running_mean: Tensor | null;
  running_var: Tensor | null;
}
interface Given extends Affine, Running {
  input: Tensor;
  eps: number;
}

/** Throws unless the input has channels, and every vector a number for each. */
function requireChannels(op: string, { input, eps: _, ...vectors }: Given, least: number): void {
  requireFloat(op, "input", input.core.dtype);
  if (input.rank < least)
    complain(core.ShapeError, `Expected ${least}D or higher dimensionality input (got ${input.rank}D input)`, {
      op,
      argument: "input",
      expected: `rank ${least} or more`,
      given: sizeText(input.shape),
    });
  const channels = input.shape[1] as number;
  for (const [argument, vector] of Object.entries(vectors)) {
    if (vector === null) continue;
    requireFloat(op, argument, vector.core.dtype);
    if (vector.rank === 1 && vector.shape[0] === channels) continue;
    complain(core.ShapeError, `${argument} should contain ${channels} elements not ${vector.core.size}`, {
      op,
      argument,
      expected: `[${channels}]`,
      given: sizeText(vector.shape),
    });
  }
}

function requireSeveral(op: string, what: string, count: number, input: Tensor): void {
  if (count !== 1) return;
  complain(core.ArgumentError, `Expected more than 1 ${what} when training, got input size ${sizeText(input.shape)}`, {
    op,
    argument: "input",
    expected: `more than 1 ${what}`,
    given: sizeText(input.shape),
  });
}

function requireEps(op: string, eps: number, training: boolean): void {
  if (training ? eps > 0 : eps >= 0) return;
  complain(
    core.ArgumentError,
    `${op} eps must be ${training ? "positive during training" : "non-negative"}, but got ${eps}`,
    { op, argument: "eps", expected: training ? "above 0" : "0 or more", given: `${eps}` },
  );
}

/** Puts statistics into running ones, where there are any. */
function follow(op: string, { running_mean, running_var }: Running, next: () => core.BatchStatistics): void {
  if (!running_mean && !running_var) return;
  core.noGrad(() =>
    core.scope(() => {
      const { mean, variance } = next();
      if (running_mean) write(op, running_mean, () => mean);
      if (running_var) write(op, running_var, () => variance);
    }),
  );
}

/** Running statistics as they are; those that are not there count as nothing. */
function statisticsOf({ running_mean, running_var }: Running, channels: number): core.BatchStatistics {
  return {
    mean: running_mean?.core ?? core.zeros([channels]),
    variance: running_var?.core ?? core.zeros([channels]),
  };
}

function byRunning(op: string, { input, running_mean, running_var, weight, bias, eps }: Given, when: string): Tensor {
  for (const [argument, vector] of Object.entries({ running_mean, running_var }))
    if (vector === null)
      complain(core.ArgumentError, `${argument} must be defined ${when}`, {
        op,
        argument,
        expected: "a Tensor",
        given: "None",
      });
  const statistics = statisticsOf({ running_mean, running_var }, input.shape[1] as number);
  const affine = { scale: weight?.core, bias: bias?.core, epsilon: eps };
  return core.scope(() => wrap(core.batchNormInference(input.core, statistics, affine)));
}

/** What batch_norm does; `momentum` may be known to the device alone. */
export function normaliseBatch(
  given: Given & { training: boolean; momentum: number | core.Tensor },
  op = "batch_norm",
): Tensor {
  const { training, momentum, ...rest } = given;
  const { input, weight, bias, eps } = rest;
  requireChannels(op, rest, 2);
  requireEps(op, eps, training);
  if (!training) return byRunning(op, rest, "in evaluation mode");
  const [channels, size] = [input.shape[1] as number, input.core.size];
  requireSeveral(op, "value per channel", channels === 0 ? 0 : size / channels, input);
  return core.scope(() => {
    const affine = { scale: weight?.core, bias: bias?.core, epsilon: eps };
    const { y, batch, count } = core.batchNorm(input.core, affine);
    if (size > 0)
      follow(op, rest, () =>
        core.runningStatistics(statisticsOf(rest, channels), batch, { weight: momentum, unbiased: true, count }),
      );
    return wrap(y);
  });
}

export interface BatchNormArguments extends Running, Affine {
  training: boolean;
  /** Weight of the batch in the running statistics. */
  momentum: number;
  eps: number;
}
/**
 * Normalises every channel (dimension 1) by the mean and the biased variance of the batch when training, else by the running
 * ones. In training these move towards the batch's, the variance unbiased, in place.
 */
export const batch_norm: (
  input: Tensor,
  ...args: Args<
    [
      running_mean: Tensor | null,
      running_var: Tensor | null,
      weight: Tensor | null,
      bias: Tensor | null,
      training: boolean,
      momentum: number,
      eps: number,
    ],
    BatchNormArguments
  >
) => Tensor = define(
  named("batch_norm"),
  {
    input: tensor,
    running_mean: tensor.orNone,
    running_var: tensor.orNone,
    weight: optional,
    bias: optional,
    training: false,
    momentum: number.or(0.1),
    eps: number.or(1e-5),
  },
  (given) => normaliseBatch(given),
);

export interface InstanceNormArguments extends Running, Affine {
  /** Whether an instance is normalised by its own statistics; else by the running ones. */
  use_input_stats: boolean;
  momentum: number;
  eps: number;
}
/** Normalises every channel of every example. Running statistics follow the mean over the examples, in place. */
export const instance_norm: (
  input: Tensor,
  ...args: Args<
    [
      running_mean: Tensor | null,
      running_var: Tensor | null,
      weight: Tensor | null,
      bias: Tensor | null,
      use_input_stats: boolean,
      momentum: number,
      eps: number,
    ],
    InstanceNormArguments
  >
) => Tensor = define(
  named("instance_norm"),
  {
    input: tensor,
    running_mean: optional,
    running_var: optional,
    weight: optional,
    bias: optional,
    use_input_stats: bool.or(true),
    momentum: number.or(0.1),
    eps: number.or(1e-5),
  },
  ({ use_input_stats, momentum, ...given }) => {
    const op = "instance_norm";
    const { input, weight, bias, eps } = given;
    requireChannels(op, given, 2);
    if (!use_input_stats) return byRunning(op, given, "when use_input_stats is false");
    const [examples, channels, ...places] = input.shape as [number, number, ...number[]];
    requireSeveral(op, "spatial element", core.sizeOf(places), input);
    requireEps(op, eps, true);
    return core.scope(() => {
      if (input.core.size > 0)
        follow(op, given, () => {
          const instances = core.reshape(input.core, [1, examples * channels, ...places]);
          const { batch, count } = core.batchNorm(instances, { epsilon: eps });
          const overExamples = (x: core.Tensor): core.Tensor =>
            core.mean(core.reshape(x, [examples, channels]), { axes: 0 });
          const mean = { mean: overExamples(batch.mean), variance: overExamples(batch.variance) };
          return core.runningStatistics(statisticsOf(given, channels), mean, {
            weight: momentum,
            unbiased: true,
            count,
          });
        });
      return wrap(core.instanceNorm(input.core, { scale: weight?.core, bias: bias?.core, epsilon: eps }));
    });
  },
);

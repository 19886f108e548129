// What a model's steps do, unless its class gives others.
import { ArgumentError, formatShape, noGrad, UnsupportedError } from "@facet/autograd";
import { isKeywords, show } from "@facet/dialect";
import type { LayerInput } from "../layers/arguments.js";
import { listed, packed, tensorList } from "../layers/inputs.js";
import { Tensor } from "../tensor.js";
import { descend, measure, measured, releaseActivation, type StepLogs, uncompiled } from "../training/step.js";
import {
  readComputeLoss,
  readComputeMetrics,
  readPredictStep,
  readTestStep,
  readTrainStep,
  type StepData,
} from "./arguments.js";
import type { Model } from "./model.js";

export function trainStep(model: Model, args: readonly unknown[]): StepLogs {
  const { data } = readTrainStep(args);
  if (!model.optimizer) return uncompiled("train_step", model);
  return step("train_step", model, data, true);
}

export function testStep(model: Model, args: readonly unknown[]): StepLogs {
  return step("test_step", model, readTestStep(args).data, false);
}

export function predictStep(model: Model, args: readonly unknown[]): LayerInput<Tensor> {
  const { data } = readPredictStep(args);
  return packed(model.runAll(tensorsIn("predict_step", data), false));
}

function step(op: string, model: Model, data: unknown, training: boolean): StepLogs {
  if (!Array.isArray(data) || data.length < 1 || data.length > 3)
    throw new ArgumentError({
      op,
      argument: "data",
      expected: "[x], [x, y] or [x, y, sample_weight]",
      given: show(data),
    });
  const [x, y = null, weights = null] = data as unknown as StepData;
  const outputs = model.runAll(tensorsIn(op, x), training);
  const predicted = packed(outputs);
  const loss: unknown = model.compute_loss(x, y, predicted, weights, { training });
  if (!(loss instanceof Tensor) || loss.core.size !== 1) {
    const given = loss instanceof Tensor ? `one of shape ${formatShape(loss.shape)}` : show(loss);
    throw new ArgumentError({ op, argument: "compute_loss", expected: "a Tensor of one element from it", given });
  }
  if (training) descend(model, loss.core);
  releaseActivation(outputs[0] as Tensor);
  const count = (listed(x)[0] as Tensor).shape[0] ?? 1;
  measured.set(loss, { value: loss.core, count, kind: "mean" });
  const metrics: unknown = noGrad(() => model.compute_metrics(x, y, predicted, { sample_weight: weights }));
  if (!isKeywords(metrics))
    throw new ArgumentError({
      op,
      argument: "compute_metrics",
      expected: "an object of values by name from it",
      given: show(metrics),
    });
  return { loss, ...(metrics as StepLogs) };
}

export function computeLoss(model: Model, args: readonly unknown[]): Tensor {
  const { y, y_pred, sample_weight } = readComputeLoss(args);
  if (!model.loss) return uncompiled("compute_loss", model);
  if (y === null) throw new ArgumentError({ op: "compute_loss", argument: "y", expected: "targets", given: "none" });
  const predicted = listed(y_pred);
  if (predicted.length === 1 && predicted[0] instanceof Tensor) return model.loss(y, predicted[0], sample_weight);
  const expected = "predictions of one output";
  throw new UnsupportedError({ op: "compute_loss", argument: "y_pred", expected, given: show(y_pred) });
}

export function computeMetrics(model: Model, args: readonly unknown[]): StepLogs {
  const { y, y_pred } = readComputeMetrics(args);
  if (!(y instanceof Tensor && y_pred instanceof Tensor)) return {};
  const metrics = model.resolveMetrics(y.shape, y_pred.shape);
  return Object.fromEntries(metrics.map((metric) => [metric.name, measure(metric, y, y_pred)]));
}

/** The inputs of a step, as a list. */
function tensorsIn(op: string, x: unknown): readonly Tensor[] {
  const list = tensorList(x);
  if (list) return list;
  throw new ArgumentError({ op, argument: "data", expected: "a Tensor of inputs, or a list of them", given: show(x) });
}

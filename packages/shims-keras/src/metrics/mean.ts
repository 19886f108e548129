// Means over samples, kept on the device.
import {
  ArgumentError,
  add,
  type Tensor as CoreTensor,
  expand,
  formatShape,
  mean,
  mul,
  reshape,
  ShapeError,
  scope,
  sum,
  unscoped,
} from "@facet/autograd";
import { show, signature } from "@facet/dialect";
import { array } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { floats, Tensor, toTensor } from "../tensor.js";
import { Metric, type Update } from "./metric.js";

export type PerSample = (yTrue: Tensor, yPred: Tensor) => Tensor;

const readUpdate = signature("keras.metrics.MeanMetricWrapper.update_state", {
  y_true: array,
  y_pred: array,
  sample_weight: array.or(null),
});
const readResult = signature("keras.metrics.MeanMetricWrapper.result", {});
const readResetMean = signature("keras.metrics.MeanMetricWrapper.reset_state", {});

/** Mean over samples of a per-sample value: what Keras calls MeanMetricWrapper. */
export class MeanMetric extends Metric {
  static override readonly className: string = "MeanMetricWrapper";
  readonly #f: PerSample;
  readonly #mask: ((yTrue: Tensor) => CoreTensor | undefined) | undefined;
  #total: CoreTensor | undefined;
  /** Samples without weights so far, and the sum of weights of those that had some. */
  #count = 0;
  #weights: CoreTensor | undefined;

  /** `mask` gives 0 for samples that do not count where samples have weights. */
  constructor(f: PerSample, name: string, mask?: (yTrue: Tensor) => CoreTensor | undefined) {
    super({ name });
    this.#f = f;
    this.#mask = mask;
  }

  /** Value of every sample. */
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const made: unknown = this.#f(yTrue, yPred);
    if (made instanceof Tensor) return made;
    throw new ArgumentError({ op: this.name, argument: "metric", expected: "a Tensor from it", given: show(made) });
  }

  /** Adds a batch, on the device; `sample_weight` has the shape of the values or one that broadcasts to it. */
  override update_state(...args: Update): void {
    const { y_true, y_pred, sample_weight } = readUpdate(args);
    const wanted = y_true instanceof Tensor ? y_true : toTensor(y_true, "float32", this.name);
    const predicted = y_pred instanceof Tensor ? y_pred : toTensor(y_pred, "float32", this.name);
    const { total, weights, count } = scope(() => {
      const values = this.call(wanted, predicted).core;
      if (sample_weight === null) return { total: sum(values), weights: undefined, count: values.size };
      const mask = this.#mask?.(wanted);
      const given = floats(sample_weight, this.name);
      const [total, weights] = weightedTotals(this.name, values, mask ? mul(...matchRanks(mask, given)) : given);
      return { total, weights, count: 0 };
    });
    this.#total = added(this.#total, total);
    if (weights) this.#weights = added(this.#weights, weights);
    this.#count += count;
  }

  /** Mean so far, read from the device; 0 before the first batch. */
  override async result(...args: []): Promise<number> {
    readResult(args);
    if (!this.#total) return 0;
    const [total, weights] = await Promise.all([this.#total.item(), this.#weights?.item() ?? 0]);
    const count = this.#count + weights;
    return count === 0 ? 0 : total / count;
  }

  override reset_state(...args: []): void {
    readResetMean(args);
    for (const tensor of [this.#total, this.#weights]) tensor?.dispose();
    this.#total = undefined;
    this.#weights = undefined;
    this.#count = 0;
  }
}

/** The sum of both, which lives on; what was before is freed. */
function added(before: CoreTensor | undefined, now: CoreTensor): CoreTensor {
  const result = unscoped(() => scope(() => (before ? add(before, now) : reshape(now, now.shape))));
  before?.dispose();
  now.dispose();
  return result;
}

/** Sums of weighted values and of weights, each first averaged over what follows the samples, as Keras does. */
function weightedTotals(op: string, given: CoreTensor, sampleWeight: CoreTensor): [CoreTensor, CoreTensor] {
  let [values, weights] = matchRanks(given, sampleWeight);
  const after = (x: CoreTensor, axis: number): number[] => x.shape.map((_, i) => i).slice(axis);
  if (values.rank > weights.rank) values = mean(values, { axes: after(values, weights.rank) });
  const fits =
    weights.rank === values.rank && weights.shape.every((extent, i) => extent === 1 || extent === values.shape[i]);
  if (!fits) {
    const expected = `a shape that broadcasts to ${formatShape(values.shape)}`;
    throw new ShapeError({ op, argument: "sample_weight", expected, given: formatShape(sampleWeight.shape) });
  }
  weights = expand(weights, values.shape);
  values = mul(values, weights);
  const samples = (x: CoreTensor): CoreTensor => (x.rank > 1 ? mean(x, { axes: after(x, 1) }) : x);
  return [sum(samples(values)), sum(samples(weights))];
}

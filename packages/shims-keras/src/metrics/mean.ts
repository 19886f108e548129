// Sums and means over samples, kept on the device.
import {
  ArgumentError,
  type Tensor as CoreTensor,
  cast,
  expand,
  formatShape,
  full,
  mean,
  mul,
  noGrad,
  quotientOrZero,
  ShapeError,
  scope,
  sum,
} from "@facet/autograd";
import { type Args, func, show, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { array, nameKind } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { floats, Tensor, type TensorLike, toTensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { Metric, MetricResult, noDtype, type Update } from "./metric.js";

export type PerSample = (yTrue: Tensor, yPred: Tensor) => Tensor;

const readUpdateValues = signature("keras.metrics.Mean.update_state", { values: array, sample_weight: array.or(null) });
const readUpdate = signature("keras.metrics.MeanMetricWrapper.update_state", {
  y_true: array,
  y_pred: array,
  sample_weight: array.or(null),
});
const readResult = signature("keras.metrics.Mean.result", {});

type Reduce = (x: CoreTensor, options: { axes: number[] }) => CoreTensor;

/** Values and weights, one for each sample: weighted, and what follows the samples reduced, as Keras does. */
function samplewise(
  op: string,
  given: CoreTensor,
  sampleWeight: CoreTensor | undefined,
  reduce: Reduce,
): [values: CoreTensor, weights: CoreTensor | undefined] {
  const after = (x: CoreTensor, axis: number): number[] => x.shape.map((_, i) => i).slice(axis);
  const samples = (x: CoreTensor): CoreTensor => (x.rank > 1 ? reduce(x, { axes: after(x, 1) }) : x);
  if (!sampleWeight) return [samples(given), undefined];
  let [values, weights] = matchRanks(given, sampleWeight);
  if (values.rank > weights.rank) values = reduce(values, { axes: after(values, weights.rank) });
  const fits =
    weights.rank === values.rank && weights.shape.every((extent, i) => extent === 1 || extent === values.shape[i]);
  if (!fits) {
    const expected = `a shape that broadcasts to ${formatShape(values.shape)}`;
    throw new ShapeError({ op, argument: "sample_weight", expected, given: formatShape(sampleWeight.shape) });
  }
  weights = expand(weights, values.shape);
  return [samples(mul(values, weights)), samples(weights)];
}

/** Weights times a mask, or the mask where there are none. */
function masked(weights: CoreTensor | undefined, mask: Tensor | undefined): CoreTensor | undefined {
  if (!mask) return weights;
  const counted = cast(mask.core, "float32");
  return weights ? mul(...matchRanks(weights, counted)) : counted;
}

type Values = Args<
  [values: TensorLike, sample_weight: TensorLike | null],
  { values: TensorLike; sample_weight: TensorLike | null }
>;

/** Sums (and counts) of values on the device. */
class Reduction extends Metric {
  protected readonly total: VariableBase;

  constructor(name: string | null) {
    super({ name });
    this.total = this.add_variable([], "zeros", { name: "total" });
  }

  /** Adds values, one or several for each sample, and their weights. */
  // biome-ignore lint/suspicious/noExplicitAny: labels and predictions in the classes of a function.
  override update_state(...args: any[]): void {
    const { values, sample_weight } = readUpdateValues(args);
    noGrad(() =>
      scope(() => {
        const given = toTensor(values, "float32", this.name);
        const weights = sample_weight === null ? undefined : floats(sample_weight, this.name);
        this.include(floats(given), weights && masked(weights, given._keras_mask));
      }),
    );
  }

  protected include(values: CoreTensor, weights: CoreTensor | undefined): void {
    const [each] = samplewise(this.name, values, weights, sum);
    this.total.assign_add(new Tensor(sum(each)));
  }

  /** The value so far, 0 before the first batch: a tensor; awaited, a number. */
  override result(...args: []): MetricResult {
    readResult(args);
    return MetricResult.of(() => this.value());
  }

  protected value(): CoreTensor {
    return this.total.core;
  }
}

const readSum = signature("keras.metrics.Sum", { name: nameKind.or("sum"), dtype: noDtype });
class SumMetric extends Reduction {
  static override readonly className: string = "Sum";

  constructor(...args: readonly unknown[]) {
    super(readSum(args).name);
  }
}

const readMean = signature("keras.metrics.Mean", { name: nameKind.or("mean"), dtype: noDtype });
class Averaging extends Reduction {
  protected readonly count: VariableBase;

  constructor(name: string | null) {
    super(name);
    this.count = this.add_variable([], "zeros", { name: "count" });
  }

  protected override include(values: CoreTensor, weights: CoreTensor | undefined): void {
    const [each, counted] = samplewise(this.name, values, weights, mean);
    this.total.assign_add(new Tensor(sum(each)));
    this.count.assign_add(new Tensor(counted ? sum(counted) : full([], each.shape[0] ?? 1)));
  }

  protected override value(): CoreTensor {
    return quotientOrZero(this.total.core, this.count.core);
  }
}

class MeanOfValues extends Averaging {
  static override readonly className: string = "Mean";

  constructor(...args: readonly unknown[]) {
    super(readMean(args).name);
  }
}

type Reducing = Makes<
  Args<[name: string | null, dtype: null | "float32"], { name: string | null; dtype: null | "float32" }>,
  Metric & { update_state(...args: Values): void; (...args: Values): MetricResult }
>;
/** Sum of values, weighted where weights are given: `update_state(values, sample_weight)`. */
export const Sum = withoutNew(SumMetric) as unknown as Reducing;
/** Mean of values over samples, weighted where weights are given: `update_state(values, sample_weight)`. */
export const Mean = withoutNew(MeanOfValues) as unknown as Reducing;

export interface MeanGiven {
  /** Gives 0 for samples that do not count where samples have weights. */
  readonly mask?: ((yTrue: Tensor) => CoreTensor | undefined) | undefined;
  /** What is made of the mean. */
  readonly finish?: ((mean: CoreTensor) => CoreTensor) | undefined;
}

/** Mean over samples of a per-sample value: what Keras calls MeanMetricWrapper. */
export class MeanMetric extends Averaging {
  static override readonly className: string = "MeanMetricWrapper";
  readonly #f: PerSample;
  readonly #given: MeanGiven;

  constructor(f: PerSample, name: string | null, given: MeanGiven = {}) {
    super(name);
    this.#f = f;
    this.#given = given;
  }

  /** Whether the value is the sum of those of samples by their number: a class may say otherwise. */
  get isMean(): boolean {
    const base = MeanMetric.prototype;
    return this.update_state === base.update_state && this.result === base.result && !this.#given.finish;
  }

  /** Value of every sample. */
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const made: unknown = this.#f(yTrue, yPred);
    if (made instanceof Tensor) return made;
    throw new ArgumentError({ op: this.name, argument: "metric", expected: "a Tensor from it", given: show(made) });
  }

  protected override value(): CoreTensor {
    const mean = super.value();
    return this.#given.finish?.(mean) ?? mean;
  }

  /**
   * Adds a batch, on the device; `sample_weight` has the shape of the values or one that broadcasts to it. Where the predictions
   * have a mask, what it leaves out does not count.
   */
  override update_state(...args: Update): void {
    const { y_true, y_pred, sample_weight } = readUpdate(args);
    noGrad(() =>
      scope(() => {
        const wanted = y_true instanceof Tensor ? y_true : toTensor(y_true, "float32", this.name);
        const predicted = y_pred instanceof Tensor ? y_pred : toTensor(y_pred, "float32", this.name);
        const values = this.call(wanted, predicted).core;
        const given = sample_weight === null ? undefined : floats(sample_weight, this.name);
        let weights = masked(given, predicted._keras_mask);
        const mask = weights && this.#given.mask?.(wanted);
        if (weights && mask) weights = mul(...matchRanks(mask, weights));
        this.include(values, weights);
      }),
    );
  }
}

const readWrapper = signature("keras.metrics.MeanMetricWrapper", {
  fn: func,
  name: nameKind.or(null),
  dtype: noDtype,
  "**kwargs": null,
});
type AnyPerSample = (yTrue: Tensor, yPred: Tensor, given?: object) => Tensor;
class FunctionMetric extends MeanMetric {
  static override readonly className: string = "MeanMetricWrapper";

  constructor(...args: readonly unknown[]) {
    const { fn, name, kwargs } = readWrapper(args) as { fn: unknown; name: string | null; kwargs: object };
    const f = fn as AnyPerSample;
    super(Object.keys(kwargs).length > 0 ? (t, p) => f(t, p, kwargs) : f, name);
  }
}
/** Mean over samples of what `fn(y_true, y_pred, kwargs)` gives. */
export const MeanMetricWrapper = withoutNew(FunctionMetric) as unknown as Makes<
  [
    fn: AnyPerSample,
    ...rest: Args<[name: string | null, dtype: null], { name: string | null } & Record<string, unknown>>,
  ],
  Metric
>;

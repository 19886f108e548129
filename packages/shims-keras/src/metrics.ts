// keras.metrics: means over samples of a per-sample value, and the base of the program's own.
import {
  ArgumentError,
  add,
  argmax,
  type Tensor as CoreTensor,
  cast,
  equal,
  expand,
  formatShape,
  greater,
  mean,
  mul,
  notEqual,
  reshape,
  ShapeError,
  scope,
  sum,
  UnsupportedError,
  unscoped,
  zeros,
} from "@facet/autograd";
import {
  type Args,
  any,
  define,
  int,
  Kind,
  nearest,
  number,
  only,
  type Rules,
  show,
  signature,
  type Values,
} from "@facet/dialect";
import { Callable, classNameOf, withoutNew } from "./callable.js";
import { automaticName, snakeCase } from "./config.js";
import { type InitializerArgument, isInitializer, resolve as resolveInitializer } from "./initializers.js";
import { array, knownShape, nameKind } from "./kinds.js";
import * as losses from "./losses.js";
import { floats, Tensor, type TensorLike, toTensor } from "./tensor.js";
import { VariableBase } from "./variable.js";

type PerSample = (yTrue: Tensor, yPred: Tensor) => Tensor;
type Update = Args<
  [y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | null],
  { y_true: TensorLike; y_pred: TensorLike; sample_weight: TensorLike | null }
>;

const noDtype = only(null, "float32");
const readMetric = signature("keras.metrics.Metric", { dtype: noDtype, name: nameKind.or(null) });
const initializerKind = new Kind<InitializerArgument>("an initializer", isInitializer);
const readAddWeight = signature("keras.metrics.Metric.add_weight", {
  shape: knownShape.or([]),
  initializer: initializerKind.or(null),
  dtype: noDtype,
  name: nameKind.or(null),
});
const readAddVariable = signature("keras.metrics.Metric.add_variable", {
  shape: knownShape,
  initializer: initializerKind,
  dtype: noDtype,
  aggregation: only("sum", "none", null),
  name: nameKind.or(null),
});
const readReset = signature("keras.metrics.Metric.reset_state", {});

/** A metric is called like a function; Callable makes it one. */
export interface Metric {
  (y_true: TensorLike, y_pred: TensorLike, sample_weight?: TensorLike | null): Promise<number>;
  (...args: Update): Promise<number>;
}

/**
 * `keras.metrics.Metric`. A class of the program's own makes its state by `add_weight`, and gives `update_state(y_true, y_pred,
 * sample_weight)` and `result()`, written in ops: `fit` runs both in every step.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class Metric extends Callable {
  static readonly className: string = "Metric";
  readonly name: string;
  readonly #variables: VariableBase[] = [];

  constructor(
    ...args: Args<[dtype: null | "float32", name: string | null], { dtype: null | "float32"; name: string | null }>
  ) {
    super();
    this.name = readMetric(args).name ?? automaticName(classNameOf(new.target));
  }

  get variables(): readonly VariableBase[] {
    return this.#variables;
  }

  /** Makes a state variable. Default initializer zeros. */
  add_weight(
    ...args: Args<
      [shape: readonly number[], initializer: InitializerArgument | null],
      { shape: readonly number[]; initializer: InitializerArgument | null; name: string | null }
    >
  ): VariableBase {
    const { shape, initializer, name } = readAddWeight(args);
    return this.#variable(shape, initializer ?? "zeros", name);
  }

  /** As add_weight, shape and initializer required. */
  add_variable(
    ...args: Args<
      [shape: readonly number[], initializer: InitializerArgument],
      { shape: readonly number[]; initializer: InitializerArgument; name: string | null }
    >
  ): VariableBase {
    const { shape, initializer, name } = readAddVariable(args);
    return this.#variable(shape, initializer, name);
  }

  #variable(shape: readonly number[], initializer: InitializerArgument, name: string | null): VariableBase {
    const make = resolveInitializer(initializer, "add_weight", "initializer");
    const made = new VariableBase(() => make.values(shape), name, null, false);
    this.#variables.push(made);
    return made;
  }

  /** Adds a batch. */
  // biome-ignore lint/suspicious/noExplicitAny: a class of the program's own takes what it takes.
  update_state(..._args: any[]): void {
    const expected = "a class that says in update_state(y_true, y_pred, sample_weight) what it measures";
    throw new UnsupportedError({ op: this.name, argument: "update_state", expected, given: "none" });
  }

  /** The value so far. */
  // biome-ignore lint/suspicious/noExplicitAny: a promise of a number here, a tensor in a class of the program's own.
  result(..._args: any[]): any {
    const expected = "a class that says in result() what the value is";
    throw new UnsupportedError({ op: this.name, argument: "result", expected, given: "none" });
  }

  /** Starts anew: every state variable is 0. */
  reset_state(...args: []): void {
    readReset(args);
    for (const variable of this.#variables) scope(() => variable.assign(new Tensor(zeros(variable.shape))));
  }

  // biome-ignore lint/suspicious/noExplicitAny: as update_state.
  override __call__(...args: any[]): any {
    this.update_state(...args);
    return this.result();
  }
}

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
  readonly #mask: ((yTrue: Tensor) => CoreTensor) | undefined;
  #total: CoreTensor | undefined;
  /** Samples without weights so far, and the sum of weights of those that had some. */
  #count = 0;
  #weights: CoreTensor | undefined;

  /** `mask` gives 0 for samples that do not count where samples have weights. */
  constructor(f: PerSample, name: string, mask?: (yTrue: Tensor) => CoreTensor) {
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
      const [total, weights] = weightedTotals(this.name, values, mask ? mul(...losses.matchRanks(mask, given)) : given);
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
  let [values, weights] = losses.matchRanks(given, sampleWeight);
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

/** 1 where they are equal, else 0. */
const matches = (a: CoreTensor, b: CoreTensor): CoreTensor => cast(equal(a, b), "float32");

type MetricFunction<Rest extends unknown[] = []> = (y_true: TensorLike, y_pred: TensorLike, ...rest: Rest) => Tensor;
const both = { y_true: array, y_pred: array };

/** 1 where the largest prediction is the label's: y_true [...] or [..., 1] class indices, y_pred [..., classes]. */
export const sparse_categorical_accuracy: MetricFunction = define(
  "keras.metrics.sparse_categorical_accuracy",
  both,
  ({ y_true, y_pred }) => {
    const op = "sparse_categorical_accuracy";
    const predicted = argmax(toTensor(y_pred, "float32", op).core, -1);
    const labels = cast(toTensor(y_true, "int32", op).core, "int32");
    return new Tensor(matches(likeRows(op, labels, predicted), predicted));
  },
);

/** Labels in the shape of the predictions' rows, a last dimension of 1 dropped. */
function likeRows(op: string, labels: CoreTensor, rows: CoreTensor): CoreTensor {
  const shape = labels.rank === rows.rank + 1 && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  if (`${shape}` === `${rows.shape}`) return reshape(labels, shape);
  const [expected, given] = [`${formatShape(rows.shape)}, one label a row of y_pred`, formatShape(labels.shape)];
  throw new ShapeError({ op, argument: "y_true", expected, given });
}

/** 1 where the largest prediction stands where the largest of y_true does; both [..., classes]. */
export const categorical_accuracy: MetricFunction = define(
  "keras.metrics.categorical_accuracy",
  both,
  ({ y_true, y_pred }) => {
    const op = "categorical_accuracy";
    const [wanted, predicted] = [y_true, y_pred].map((y) => argmax(toTensor(y, "float32", op).core, -1));
    const rows = predicted as CoreTensor;
    return new Tensor(matches(likeRows(op, wanted as CoreTensor, rows), rows));
  },
);

type Threshold = Args<[threshold: number], { threshold: number }>;
/** 1 where the prediction is on the label's side of the threshold, else 0. */
export const binary_accuracy: MetricFunction<Threshold> = define(
  "keras.metrics.binary_accuracy",
  { ...both, threshold: 0.5 },
  ({ y_true, y_pred, threshold }) => {
    const [labels, predicted] = losses.matchRanks(floats(y_true, "binary_accuracy"), floats(y_pred, "binary_accuracy"));
    return new Tensor(matches(labels, cast(greater(predicted, threshold), "float32")));
  },
);

interface Named {
  name: string;
}

/** A metric class: its own arguments after name and dtype, and the value of a sample for them. */
function metricClass<const R extends Rules>(
  className: string,
  rules: R,
  f: (given: Values<R>) => PerSample,
  mask?: (given: Values<R>) => ((yTrue: Tensor) => CoreTensor) | undefined,
) {
  const read = signature(`keras.metrics.${className}`, {
    name: nameKind.or(snakeCase(className)),
    dtype: noDtype,
    ...rules,
  });
  return class extends MeanMetric {
    static override readonly className = className;

    constructor(...args: readonly unknown[]) {
      const given = read(args) as unknown as Named & Values<R>;
      super(f(given), given.name ?? snakeCase(className), mask?.(given));
    }
  };
}

type Positions = [name: string, dtype: null | "float32"];
type MadeBy<P extends unknown[], N> = (new (
  ...args: Args<P, N & Named>
) => Metric) &
  ((...args: Args<P, N & Named>) => Metric);
const plain = (className: string, f: PerSample): MadeBy<Positions, object> =>
  withoutNew(metricClass(className, {}, () => f)) as never;

export const SparseCategoricalAccuracy = plain("SparseCategoricalAccuracy", sparse_categorical_accuracy);
export const CategoricalAccuracy = plain("CategoricalAccuracy", categorical_accuracy);
export const BinaryAccuracy = withoutNew(
  metricClass(
    "BinaryAccuracy",
    { threshold: 0.5 },
    ({ threshold }) =>
      (yTrue, yPred) =>
        binary_accuracy(yTrue, yPred, threshold),
  ),
) as unknown as MadeBy<[...Positions, threshold: number], { threshold: number }>;
export const MeanSquaredError = plain("MeanSquaredError", losses.mean_squared_error);
export const MeanAbsoluteError = plain("MeanAbsoluteError", losses.mean_absolute_error);

interface SparseArguments {
  from_logits: boolean;
  ignore_class: number | null;
}
export const SparseCategoricalCrossentropy = withoutNew(
  metricClass(
    "SparseCategoricalCrossentropy",
    { from_logits: false, ignore_class: int.or(null), axis: only(-1) },
    ({ from_logits, ignore_class }) =>
      (yTrue, yPred) =>
        losses.sparse_categorical_crossentropy(yTrue, yPred, { from_logits, ignore_class }),
    ({ ignore_class }) =>
      ignore_class === null ? undefined : (yTrue) => cast(notEqual(cast(yTrue.core, "int32"), ignore_class), "float32"),
  ),
) as unknown as MadeBy<[...Positions, from_logits: boolean, ignore_class: number | null], SparseArguments>;

interface SmoothingArguments {
  from_logits: boolean;
  label_smoothing: number;
  axis: number;
}
export const CategoricalCrossentropy = withoutNew(
  metricClass(
    "CategoricalCrossentropy",
    { from_logits: false, label_smoothing: number.or(0), axis: int.or(-1) },
    ({ from_logits, label_smoothing, axis }) =>
      (yTrue, yPred) =>
        losses.categorical_crossentropy(yTrue, yPred, { from_logits, label_smoothing, axis }),
  ),
) as unknown as MadeBy<[...Positions, from_logits: boolean, label_smoothing: number, axis: number], SmoothingArguments>;

const TABLE = {
  sparse_categorical_accuracy: SparseCategoricalAccuracy,
  categorical_accuracy: CategoricalAccuracy,
  binary_accuracy: BinaryAccuracy,
  mean_squared_error: MeanSquaredError,
  mse: MeanSquaredError,
  mean_absolute_error: MeanAbsoluteError,
  mae: MeanAbsoluteError,
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  categorical_crossentropy: CategoricalCrossentropy,
} satisfies Record<string, new () => Metric>;

export type MetricName = keyof typeof TABLE | "accuracy" | "acc";
export type MetricArgument = MetricName | Metric | PerSample;

/** Whether a value may stand for a metric: names are looked up when the first batch shows the shapes. */
export const metricKind = new Kind<MetricArgument>(
  "a metric, a function or a name",
  (value) => typeof value === "string" || typeof value === "function" || value instanceof Metric,
);

/** The metric of a name (a class's too), an object, a class, or a per-sample function. "accuracy" needs shapes: see compile. */
export const get: (identifier: MetricArgument | null) => Metric | null = define(
  "keras.metrics.get",
  { identifier: any },
  ({ identifier }) => (identifier === null ? null : resolve(identifier)),
);

/**
 * The metric of a name, for targets and predictions of these shapes: "accuracy" is binary for predictions of one column,
 * sparse where the targets are class indices, categorical otherwise. It is shown under the name it was asked by.
 */
export function resolve(identifier: unknown, yTrue?: readonly number[], yPred?: readonly number[]): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier === "function" && identifier.prototype instanceof Metric)
    return new (identifier as new () => Metric)();
  if (typeof identifier === "function") return new MeanMetric(identifier as PerSample, identifier.name || "metric");
  if (yTrue && yPred && (identifier === "accuracy" || identifier === "acc")) {
    const columns = yPred.at(-1) ?? 1;
    if (columns === 1) return new BinaryAccuracy(identifier);
    const sparse = yTrue.length < yPred.length || yTrue.at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(identifier) : new CategoricalAccuracy(identifier);
  }
  const name = typeof identifier === "string" ? snakeCase(identifier) : "";
  if (Object.hasOwn(TABLE, name)) return new TABLE[name as keyof typeof TABLE](identifier as string);
  const guess = typeof identifier === "string" ? nearest(identifier, ["accuracy", ...Object.keys(TABLE)]) : undefined;
  const expected = `a metric, a function or one of accuracy, acc, ${Object.keys(TABLE).join(", ")}`;
  const given = `${show(identifier)}${guess ? `: did you mean ${guess}?` : ""}`;
  throw new ArgumentError({ op: "metrics.get", argument: "identifier", expected, given });
}

// keras.metrics: means over samples of a per-sample value.
import {
  ArgumentError,
  add,
  argmax,
  type Tensor as CoreTensor,
  cast,
  equal,
  greater,
  mean,
  Observed,
  reshape,
  scope,
  sum,
  unscoped,
} from "@facet/autograd";
import { type Keywords, parseArguments, show } from "./arguments.js";
import { withoutNew } from "./callable.js";
import * as losses from "./losses.js";
import { Tensor, type TensorLike, toTensor } from "./tensor.js";

type PerSample = (yTrue: TensorLike, yPred: TensorLike) => Tensor;

/** `keras.metrics.Metric` for means over samples: what Keras calls MeanMetricWrapper. */
export class Metric extends Observed {
  readonly name: string;
  readonly #f: PerSample;
  #total: CoreTensor | undefined;
  #count = 0;

  constructor(f: PerSample, name: string) {
    super();
    this.#f = f;
    this.name = name;
  }

  /** Value of every sample. */
  call(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return this.#f(yTrue, yPred);
  }

  /** Adds a batch, on the device. */
  update_state(yTrue: TensorLike, yPred: TensorLike): void {
    const before = this.#total;
    const values = scope(() => this.call(yTrue, yPred).core);
    this.#total = unscoped(() => scope(() => (before ? add(before, sum(values)) : sum(values))));
    this.#count += values.size;
    before?.dispose();
    values.dispose();
  }

  /** Mean so far, read from the device; 0 before the first batch. */
  async result(): Promise<number> {
    return this.#total ? (await this.#total.item()) / this.#count : 0;
  }

  reset_state(): void {
    this.#total?.dispose();
    this.#total = undefined;
    this.#count = 0;
  }
}

/** 1 where they are equal, else 0. */
const matches = (a: CoreTensor, b: CoreTensor): CoreTensor => cast(equal(a, b), "float32");

/** 1 where the largest prediction is the label's: y_true [...] or [..., 1] class indices, y_pred [..., classes]. */
export function sparse_categorical_accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const predicted = argmax(toTensor(yPred).core, -1);
  const labels = cast(toTensor(yTrue, "int32").core, "int32");
  return new Tensor(matches(reshape(labels, predicted.shape), predicted));
}

/** 1 where the largest prediction stands where the largest of y_true does; both [..., classes]. */
export function categorical_accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return new Tensor(matches(argmax(toTensor(yTrue).core, -1), argmax(toTensor(yPred).core, -1)));
}

/** Share of predictions on the label's side of the threshold, over the last axis. */
export function binary_accuracy(yTrue: TensorLike, yPred: TensorLike, threshold = 0.5): Tensor {
  const predicted = cast(greater(toTensor(yPred).core, threshold), "float32");
  const labels = cast(toTensor(yTrue).core, "float32");
  return new Tensor(mean(matches(reshape(labels, predicted.shape), predicted), { axes: [-1] }));
}

interface Named {
  name: string;
}

function plain(op: string, name: string, f: PerSample) {
  return class extends Metric {
    constructor(...args: [name?: string | Keywords<Named>]) {
      const given = parseArguments<Named>(op, args, { parameters: { name }, unsupported: { dtype: null } });
      super(f, given.name);
    }
  } as unknown as new (
    ...args: [name?: string | Keywords<Named>]
  ) => Metric;
}

class BinaryAccuracyMetric extends Metric {
  constructor(...args: [name?: string | Keywords<Named & { threshold: number }>]) {
    const { name, threshold } = parseArguments<Named & { threshold: number }>("BinaryAccuracy", args, {
      parameters: { name: "binary_accuracy", threshold: 0.5 },
      unsupported: { dtype: null },
    });
    super((yTrue, yPred) => binary_accuracy(yTrue, yPred, threshold), name);
  }
}

export const SparseCategoricalAccuracy = withoutNew(
  plain("SparseCategoricalAccuracy", "sparse_categorical_accuracy", sparse_categorical_accuracy),
);
export const CategoricalAccuracy = withoutNew(
  plain("CategoricalAccuracy", "categorical_accuracy", categorical_accuracy),
);
export const BinaryAccuracy = withoutNew(BinaryAccuracyMetric);
export const MeanSquaredError = withoutNew(plain("MeanSquaredError", "mean_squared_error", losses.mean_squared_error));
export const MeanAbsoluteError = withoutNew(
  plain("MeanAbsoluteError", "mean_absolute_error", losses.mean_absolute_error),
);
export const SparseCategoricalCrossentropy = withoutNew(
  plain("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", (yTrue, yPred) =>
    losses.sparse_categorical_crossentropy(yTrue, yPred),
  ),
);
export const CategoricalCrossentropy = withoutNew(
  plain("CategoricalCrossentropy", "categorical_crossentropy", (yTrue, yPred) =>
    losses.categorical_crossentropy(yTrue, yPred),
  ),
);

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

/**
 * The metric of a name, for targets and predictions of these shapes: "accuracy" is binary for predictions of one column,
 * sparse where the targets are class indices, categorical otherwise. It is shown under the name it was asked by.
 */
export function get(identifier: MetricArgument, yTrue: readonly number[], yPred: readonly number[]): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier === "function") return new Metric(identifier, identifier.name || "metric");
  if (identifier === "accuracy" || identifier === "acc") {
    const columns = yPred.at(-1) ?? 1;
    if (columns === 1) return new BinaryAccuracy(identifier);
    const sparse = yTrue.length < yPred.length || yTrue.at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(identifier) : new CategoricalAccuracy(identifier);
  }
  if (typeof identifier === "string" && Object.hasOwn(TABLE, identifier)) return new TABLE[identifier](identifier);
  const expected = `a metric, a function or one of accuracy, acc, ${Object.keys(TABLE).join(", ")}`;
  throw new ArgumentError({ op: "metrics.get", argument: "identifier", expected, given: show(identifier) });
}

// nnx.metrics: numbers gathered over batches, on the device.
import { ArgumentError, ShapeError, UnsupportedError } from "@facet/autograd";
import { type Keywords, number, required, signature, string } from "@facet/dialect";
import { argmax, array, equal, greater, greater_equal, sqrt } from "@facet/shims-jax/numpy";
import { type ArrayLike, array as arrayKind, JaxArray, register } from "@facet/shims-jax/parts";
import { type Filter, filter } from "./filters.js";
import { type GraphDef, Pytree, split } from "./graph.js";
import type { State } from "./state.js";
import { Variable } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: metrics take what their names say.
type Any = any;

/** What metrics gather. */
export class MetricState extends Variable<JaxArray> {}

const zero = (dtype: "float32" | "int32"): JaxArray => array(0, dtype);
const NONE = {};
const readersOf = (name: string) => ({
  reset: signature(`flax.nnx.metrics.${name}.reset`, {}),
  compute: signature(`flax.nnx.metrics.${name}.compute`, {}),
});
const updateOf = (name: string) => signature(`flax.nnx.metrics.${name}.update`, { "**kwargs": null });
const metric = {
  ...readersOf("Metric"),
  update: updateOf("Metric"),
  split: signature("flax.nnx.metrics.Metric.split", { "*filters": filter }),
};
const average = {
  ...readersOf("Average"),
  update: signature("flax.nnx.metrics.Average.update", { mask: arrayKind.or(null), "**kwargs": null }),
};
const welford = { ...readersOf("Welford"), update: updateOf("Welford") };
const accuracy = {
  ...readersOf("Accuracy"),
  update: signature("flax.nnx.metrics.Accuracy.update", {
    "*": null,
    logits: arrayKind,
    labels: arrayKind,
    mask: arrayKind.or(null),
    "**_": null,
  }),
};
const multi = { ...readersOf("MultiMetric"), update: updateOf("MultiMetric") };
const read = {
  Metric: signature("flax.nnx.metrics.Metric", NONE),
  Average: signature("flax.nnx.metrics.Average", { argname: "values" }),
  Welford: signature("flax.nnx.metrics.Welford", { argname: "values" }),
  Accuracy: signature("flax.nnx.metrics.Accuracy", { threshold: number.or(null), argname: string.or("values") }),
  MultiMetric: signature("flax.nnx.metrics.MultiMetric", { "**metrics": null }),
};

/** nnx.metrics.Metric: the base of those that a program writes. */
export class Metric extends Pytree {
  constructor(...args: Any[]) {
    super();
    if (new.target === Metric) read.Metric(args);
  }
  reset(...args: []): void {
    metric.reset(args);
    throw own(this, "reset");
  }
  update(...args: [values?: object]): void {
    metric.update(args);
    throw own(this, "update");
  }
  compute(...args: []): Any {
    metric.compute(args);
    throw own(this, "compute");
  }
  split(...args: Filter[]): [GraphDef, ...State[]] {
    return split(this, ...(metric.split(args).filters as unknown as Filter[]));
  }
}
const own = (self: object, method: string): UnsupportedError =>
  new UnsupportedError({
    op: self.constructor.name,
    argument: method,
    expected: `a metric that has ${method}() of its own`,
    given: "Metric's",
  });

/** What a metric is given under its name. */
function valueNamed(fn: string, argname: string, given: Record<string, unknown>): ArrayLike {
  const value = given[argname];
  if (typeof value === "number" || value instanceof JaxArray) return value;
  throw new ArgumentError({
    op: fn,
    argument: argname,
    expected: `an array or a number: update({ ${argname}: x })`,
    given: value === undefined ? "none" : `${value}`,
  });
}

type Values = Keywords<Record<string, Any>>;

/** Adds values, those that a mask marks, to a sum and a count. */
function gather(self: Average, values: ArrayLike, mask: unknown): void {
  if (typeof values === "number") {
    if (mask !== undefined && mask !== null)
      throw new ArgumentError({
        op: "Average",
        argument: self.argname,
        expected: "an array beside a mask",
        given: `${values}`,
      });
    self.total.value = self.total.value.add(values);
    self.count.value = self.count.value.add(1);
    return;
  }
  const numbers = (values as JaxArray).astype("float32");
  if (mask instanceof JaxArray) {
    self.total.value = self.total.value.add(numbers.mul(mask.astype("float32")).sum());
    self.count.value = self.count.value.add(mask.astype("int32").sum());
    return;
  }
  self.total.value = self.total.value.add(numbers.sum());
  self.count.value = self.count.value.add((values as JaxArray).size);
}

/** nnx.metrics.Average: the mean of all values given as `values`, or under another name. */
export class Average extends Metric {
  declare readonly argname: string;
  declare readonly total: MetricState;
  declare readonly count: MetricState;
  constructor(...args: [argname?: string] | [Keywords<{ argname: string }>]) {
    super();
    const { argname } = read.Average(args);
    Object.assign(this, { argname, total: new MetricState(zero("float32")), count: new MetricState(zero("int32")) });
  }
  override reset(...args: []): void {
    average.reset(args);
    this.total.value = zero("float32");
    this.count.value = zero("int32");
  }
  override update(...args: [values: Values]): void {
    const { mask, kwargs } = average.update(args);
    gather(this, valueNamed("Average.update", this.argname, kwargs as Record<string, unknown>), mask);
  }
  /** The mean, NaN before the first value. */
  override compute(...args: []): JaxArray {
    average.compute(args);
    return this.total.value.div(this.count.value);
  }
}

/** nnx.metrics.Accuracy: how often the largest of the logits is the label; with a threshold, of one logit. */
export class Accuracy extends Average {
  declare readonly threshold: number | null;
  constructor(
    ...args: [threshold?: number | null, argname?: string] | [Keywords<{ threshold: number; argname: string }>]
  ) {
    const { threshold, argname } = read.Accuracy(args);
    super(argname);
    Object.assign(this, { threshold });
  }
  override reset(...args: []): void {
    accuracy.reset(args);
    super.reset();
  }
  override update(...args: [values: Values]): void {
    const { logits, labels, mask } = accuracy.update(args);
    const fn = "Accuracy.update";
    const { threshold } = this;
    const more = threshold === null ? 1 : 0;
    if (logits.ndim !== labels.ndim + more)
      throw new ShapeError({
        op: fn,
        argument: "logits",
        expected: `rank ${labels.ndim + more} beside labels of rank ${labels.ndim}`,
        given: `${logits.ndim}`,
      });
    if (labels.dtype !== "int32")
      throw new ArgumentError({ op: fn, argument: "labels", expected: "int32", given: labels.dtype });
    const right =
      threshold === null
        ? equal(argmax(logits, -1), labels)
        : equal(greater_equal(logits, threshold), greater(labels, 0));
    gather(this, right, mask);
  }
  override compute(...args: []): JaxArray {
    accuracy.compute(args);
    return super.compute();
  }
}

/** What Welford computes. */
export class Statistics {
  readonly mean: JaxArray;
  readonly standard_error_of_mean: JaxArray;
  readonly standard_deviation: JaxArray;
  constructor(...args: [mean: JaxArray, standard_error_of_mean: JaxArray, standard_deviation: JaxArray]) {
    const given = readStatistics(args);
    this.mean = given.mean as JaxArray;
    this.standard_error_of_mean = given.standard_error_of_mean as JaxArray;
    this.standard_deviation = given.standard_deviation as JaxArray;
  }
}
const part = { mean: required, standard_error_of_mean: required, standard_deviation: required } as const;
const readStatistics = signature("flax.nnx.metrics.Statistics", part);
register(
  Statistics,
  ({ mean, standard_error_of_mean, standard_deviation }) =>
    [[mean, standard_error_of_mean, standard_deviation], null] as const,
  (_, [a, b, c]) => new Statistics(a as JaxArray, b as JaxArray, c as JaxArray),
);

/** nnx.metrics.Welford: mean, deviation and error of the mean of all values, gathered batch by batch. */
export class Welford extends Metric {
  declare readonly argname: string;
  declare readonly count: MetricState;
  declare readonly mean: MetricState;
  declare readonly m2: MetricState;
  constructor(...args: [argname?: string] | [Keywords<{ argname: string }>]) {
    super();
    const { argname } = read.Welford(args);
    const [count, mean, m2] = (["int32", "float32", "float32"] as const).map((dtype) => new MetricState(zero(dtype)));
    Object.assign(this, { argname, count, mean, m2 });
  }
  override reset(...args: []): void {
    welford.reset(args);
    this.count.value = zero("int32");
    this.mean.value = zero("float32");
    this.m2.value = zero("float32");
  }
  override update(...args: [values: Values]): void {
    const { kwargs } = welford.update(args) as { kwargs: Record<string, unknown> };
    const values = valueNamed("Welford.update", this.argname, kwargs);
    const many = typeof values === "number" ? 1 : (values as JaxArray).size;
    const before = this.count.value;
    const count = before.add(many);
    const mean = typeof values === "number" ? array(values) : (values as JaxArray).mean();
    const delta = mean.sub(this.mean.value);
    const inner = typeof values === "number" ? 0 : (values as JaxArray).var().mul(many);
    this.count.value = count;
    this.mean.value = this.mean.value.add(delta.mul(many).div(count));
    this.m2.value = this.m2.value.add(delta.mul(delta).mul(many).mul(before).div(count).add(inner));
  }
  override compute(...args: []): Statistics {
    welford.compute(args);
    const deviation = sqrt(this.m2.value.div(this.count.value));
    return new Statistics(this.mean.value, deviation.div(sqrt(this.count.value)), deviation);
  }
}

/** nnx.MultiMetric: several metrics by name, each given all that `update` is given. */
export class MultiMetric extends Metric {
  declare readonly _metric_names: readonly string[];
  [name: string]: Any;
  constructor(...args: [metrics: Keywords<Record<string, Metric>>]) {
    super();
    const { metrics } = read.MultiMetric(args) as { metrics: Record<string, unknown> };
    for (const [name, each] of Object.entries(metrics))
      if (!(each instanceof Metric))
        throw new ArgumentError({ op: "MultiMetric", argument: name, expected: "a metric", given: `${each}` });
    Object.assign(this, { _metric_names: Object.freeze(Object.keys(metrics)), ...metrics });
  }
  override reset(...args: []): void {
    multi.reset(args);
    for (const name of this._metric_names) this[name].reset();
  }
  override update(...args: [values: Values]): void {
    const { mask, ...values } = (multi.update(args) as { kwargs: Record<string, unknown> }).kwargs;
    for (const name of this._metric_names) {
      const own = mask && !(mask instanceof JaxArray) ? (mask as Record<string, unknown>)[name] : mask;
      this[name].update({ ...values, ...(own ? { mask: own } : {}) });
    }
  }
  /** What each computes, by name. */
  override compute(...args: []): Record<string, Any> {
    multi.compute(args);
    return Object.fromEntries(this._metric_names.map((name) => [name, this[name].compute()]));
  }
}

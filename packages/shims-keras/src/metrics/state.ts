// Metrics that add up counts: what a batch adds to each, and the value made of them, by rows.
import { type Tensor as CoreTensor, noGrad, scope } from "@facet/autograd";
import { type Args, type Rules, signature, type Values } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { snakeCase } from "../config.js";
import { array, nameKind } from "../kinds.js";
import { floats, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { Metric, MetricResult, metricsByName, noDtype, type Update } from "./metric.js";

const readUpdate = signature("keras.metrics.CountingMetric.update_state", {
  y_true: array,
  y_pred: array,
  sample_weight: array.or(null),
});
const readResult = signature("keras.metrics.CountingMetric.result", {});

export type Counts = Readonly<Record<string, CoreTensor>>;

/** Labels, predictions and weights of a batch as floats, as they were given. */
export interface Samples {
  readonly op: string;
  readonly wanted: CoreTensor;
  readonly predicted: CoreTensor;
  readonly weights: CoreTensor | undefined;
}

export interface StateRow<G> {
  /** Names of the counts, in the order of the variables. */
  readonly counts: readonly string[];
  /** Shape of the counts, where it is known before data come; else each has that of what the first batch adds. */
  shape?(given: G): readonly number[] | undefined;
  /** Throws where the arguments do not fit one another. */
  check?(op: string, given: G): void;
  /** What a batch adds to each. */
  of(samples: Samples, given: G): Counts;
  value(counts: Counts, given: G): CoreTensor;
}

export interface Named {
  name: string | null;
}

/** Counts on the device, and what a row makes of them. */
class CountingMetric<G> extends Metric {
  readonly #row: StateRow<G>;
  readonly #given: G;
  #counts: Readonly<Record<string, VariableBase>> | undefined;

  constructor(name: string | null, row: StateRow<G>, given: G) {
    super({ name });
    this.#row = row;
    this.#given = given;
    const shape = row.shape?.(given);
    if (shape) this.#counts = this.#made(() => shape);
  }

  #made(shapeOf: (count: string) => readonly number[]): Readonly<Record<string, VariableBase>> {
    const entries = this.#row.counts.map((count) => [
      count,
      this.add_variable(shapeOf(count), "zeros", { name: count }),
    ]);
    return Object.fromEntries(entries);
  }

  /** Adds a batch, on the device. */
  override update_state(...args: Update): void {
    const { y_true, y_pred, sample_weight } = readUpdate(args);
    const op = this.name;
    noGrad(() =>
      scope(() => {
        const weights = sample_weight === null ? undefined : floats(sample_weight, op);
        const samples = { op, wanted: floats(y_true, op), predicted: floats(y_pred, op), weights };
        const added = this.#row.of(samples, this.#given);
        this.#counts ??= this.#made((count) => (added[count] as CoreTensor).shape);
        for (const [count, variable] of Object.entries(this.#counts))
          variable.assign_add(new Tensor(added[count] as CoreTensor));
      }),
    );
  }

  /** The value so far: a tensor; awaited, a number, or an NdArray of several. 0 before the first batch. */
  override result(...args: []): MetricResult {
    readResult(args);
    return MetricResult.of(() => {
      if (!this.#counts) return undefined;
      const counts = Object.fromEntries(Object.entries(this.#counts).map(([count, { core }]) => [count, core]));
      return this.#row.value(counts, this.#given);
    });
  }
}

/**
 * A metric class of a row. `rules` stand before name and dtype, `behind` after them. Its counts are variables, so that it may be
 * updated and asked in a step that is traced.
 */
export function stateMetric<const R extends Rules, const B extends Rules>(
  className: string,
  rules: R,
  row: StateRow<Values<R> & Values<B>>,
  behind?: B,
  name: string | null = null,
): unknown {
  const read = signature(`keras.metrics.${className}`, {
    ...(rules as Rules),
    name: nameKind.or(name),
    dtype: noDtype,
    ...behind,
  });
  class Counted extends CountingMetric<Values<R> & Values<B>> {
    static override readonly className = className;

    constructor(...args: readonly unknown[]) {
      const given = read(args) as unknown as Values<R> & Values<B> & Named;
      row.check?.(className, given);
      super(given.name, row, given);
    }
  }
  metricsByName.set(snakeCase(className), Counted);
  return withoutNew(Counted);
}

export type MetricOf<P extends readonly unknown[], N> = Makes<Args<P, N & Named & { dtype: null | "float32" }>, Metric>;

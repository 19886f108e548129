// The base of metrics: state variables and what is made of them.
import {
  type Tensor as CoreTensor,
  full,
  noGrad,
  outsideCapture,
  reshape,
  scope,
  UnsupportedError,
  zeros,
} from "@facet/autograd";
import { type Args, only, signature } from "@facet/dialect";
import { Callable, classNameOf } from "../callable.js";
import { automaticName } from "../config.js";
import { type InitializerArgument, initializerKind } from "../initializers.js";
import { knownShape, nameKind } from "../kinds.js";
import type { NdArray } from "../ndarray.js";
import { Tensor, type TensorLike } from "../tensor.js";
import { type StateArguments, stateVariable, type VariableBase } from "../variable.js";

export type Update = Args<
  [y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | null],
  { y_true: TensorLike; y_pred: TensorLike; sample_weight: TensorLike | null }
>;

export const noDtype = only(null, "float32");
const readMetric = signature("keras.metrics.Metric", { dtype: noDtype, name: nameKind.or(null) });
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

/** Classes by the names that Keras finds them by: those that the program carries. */
export const metricsByName = new Map<string, new (given: { name: string }) => Metric>();

/** A metric's value: a tensor to compute with; awaited, the number that it is, or an NdArray where it has several elements. */
export class MetricResult extends Tensor implements PromiseLike<number> {
  /** The value that a function gives; 0 where it gives none. */
  static of(value: () => CoreTensor | undefined): MetricResult {
    const found = noGrad(() =>
      scope(() => {
        const made = value();
        return made ? reshape(made, made.shape) : full([], 0);
      }),
    );
    return new MetricResult(found);
  }

  // biome-ignore lint/suspicious/noThenProperty: values are awaited here, where Python reads them at once.
  then<A = number, B = never>(
    // biome-ignore lint/suspicious/noExplicitAny: a number, or an NdArray.
    onfulfilled?: ((value: any) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const read: Promise<number | NdArray> = this.ndim === 0 ? this.item() : this.numpy();
    return read.then(onfulfilled, onrejected);
  }
}

/** A metric is called like a function; Callable makes it one. */
export interface Metric {
  (y_true: TensorLike, y_pred: TensorLike, sample_weight?: TensorLike | null): MetricResult;
  (...args: Update): MetricResult;
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
  add_variable(...args: StateArguments): VariableBase {
    const { shape, initializer, name } = readAddVariable(args);
    return this.#variable(shape, initializer, name);
  }

  #variable(shape: readonly number[], initializer: InitializerArgument, name: string | null): VariableBase {
    const made = outsideCapture(() => stateVariable("add_weight", shape, initializer, name));
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
  // biome-ignore lint/suspicious/noExplicitAny: a MetricResult here, a tensor in a class of the program's own.
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

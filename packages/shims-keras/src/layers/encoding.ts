// Layers that learn from data before training: normalisation and bins; and whole numbers as vectors.
import {
  ArgumentError,
  add,
  type Tensor as CoreTensor,
  cast,
  concat,
  div,
  fromData,
  max,
  maximum,
  mean,
  mul,
  noGrad,
  oneHot,
  reshape,
  scope,
  searchSorted,
  sqrt,
  sub,
  sum,
  variance,
  zeros,
} from "@facet/autograd";
import { type Args, bool, int, listOf, number, oneOf, only, signature } from "@facet/dialect";
import { epsilon } from "../config.js";
import { array, hostArray, nameKind, positive } from "../kinds.js";
import { hostData } from "../ndarray.js";
import { floats, type Shape, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import { VariableBase } from "../variable.js";
import type { CallContext } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";

/** One array, or batches of them one after another. */
function joined(op: string, data: unknown): CoreTensor {
  const isOne = (value: unknown): boolean => array.accepts(value) && !Array.isArray(value);
  if (Array.isArray(data) && data.some(isOne))
    return concat(
      data.map((batch) => floats(batch as TensorLike, op)),
      0,
    );
  return floats(data as TensorLike, op);
}

const moment = array.or(null);
const readAdapt = signature("keras.layers.Normalization.adapt", { data: array });
/** (x - mean) / deviation along `axis`, the other axes together: of values given, or of the data that `adapt` has seen. */
class NormalizationLayer extends layerOf(
  "Normalization",
  { axis: int.either(listOf(int)).orNone.or(-1), mean: moment, variance: moment, invert: bool.or(false) },
  ["axis", "mean", "variance", "invert"],
  {
    sameShape: true,
    masks: true,
    normal: ({ axis, mean, variance }, op) => {
      if ((mean === null) !== (variance === null)) {
        const argument = mean === null ? "mean" : "variance";
        throw new ArgumentError({ op, argument, expected: "both mean and variance, or neither", given: "None" });
      }
      return { axis: axis === null ? [] : [axis].flat(), input_mean: mean, input_variance: variance };
    },
  },
) {
  adapt_mean: VariableBase | undefined;
  adapt_variance: VariableBase | undefined;
  count: VariableBase | undefined;

  protected override configuration(): Record<string, unknown> {
    const { axis, invert, input_mean, input_variance } = this;
    const plain = (value: TensorLike | null): unknown => (value instanceof Tensor ? undefined : value);
    return { axis, invert, mean: plain(input_mean), variance: plain(input_variance) };
  }

  /** The axes that keep moments of their own, in order, from 0 on. */
  #kept(shape: Shape): number[] {
    return this.axis
      .map((axis) => {
        const at = axis < 0 ? axis + shape.length : axis;
        if (at >= 0 && at < shape.length) return at;
        const expected = `axes of ${shape.length} dimensions`;
        throw new ArgumentError({ op: this.className, argument: "axis", expected, given: `${axis}` });
      })
      .sort((a, b) => a - b);
  }

  override build(shape: Shape): void {
    if (this.input_mean !== null) return;
    const own = this.#kept(shape).map((axis) => this.knownExtent(shape, axis));
    this.adapt_mean = this.add_weight({ shape: own, initializer: "zeros", trainable: false, name: "mean" });
    this.adapt_variance = this.add_weight({ shape: own, initializer: "ones", trainable: false, name: "variance" });
    this.count = new VariableBase(() => zeros([], "int32"), "count", this.name, false);
  }

  /** Takes mean and variance of data: an array, or a list of batches. */
  adapt(...args: Args<[data: TensorLike | readonly TensorLike[]], { data: TensorLike | readonly TensorLike[] }>): void {
    const { data } = readAdapt(args);
    noGrad(() =>
      scope(() => {
        const x = joined("adapt", data);
        this.ensureBuilt(x.shape);
        if (!this.adapt_mean || !this.adapt_variance) {
          const expected = "a layer that was made without mean and variance";
          throw new ArgumentError({ op: "adapt", argument: "layer", expected, given: "one with them" });
        }
        const kept = this.#kept(x.shape);
        const axes = x.shape.map((_, axis) => axis).filter((axis) => !kept.includes(axis));
        this.adapt_mean.assign(new Tensor(mean(x, { axes })));
        this.adapt_variance.assign(new Tensor(variance(x, { axes }, 0)));
      }),
    );
  }

  /** A moment in the shape that broadcasts to inputs. */
  #spread(value: CoreTensor, shape: readonly number[]): CoreTensor {
    const kept = this.#kept(shape);
    const wide = shape.map(() => 1);
    for (let i = 1; i <= value.rank; i++) wide[kept.at(-i) ?? 0] = value.shape.at(-i) as number;
    return reshape(value, wide);
  }

  override call(x: Tensor): Tensor {
    const [centre, spread] = [
      this.adapt_mean?.core ?? floats(this.input_mean as TensorLike),
      this.adapt_variance?.core ?? floats(this.input_variance as TensorLike),
    ].map((value) => this.#spread(value, x.shape)) as [CoreTensor, CoreTensor];
    const deviation = maximum(sqrt(spread), epsilon());
    const core = floats(x);
    return new Tensor(this.invert ? add(centre, mul(core, deviation)) : div(sub(core, centre), deviation));
  }
}

export type OutputMode = "int" | "one_hot" | "multi_hot" | "count";

/** Whole numbers as vectors of `depth`: what is out of range is left out. */
export function encoded(
  index: CoreTensor,
  mode: Exclude<OutputMode, "int">,
  depth: number,
  dtype: "float32" | "int32",
  weights?: CoreTensor,
): CoreTensor {
  const raised = index.rank === 0 ? reshape(index, [1]) : index;
  const last = raised.shape.at(-1);
  const squeezed =
    mode === "one_hot" && raised.rank > 1 && last === 1 ? reshape(raised, raised.shape.slice(0, -1)) : raised;
  const vectors = oneHot(squeezed, depth, { dtype: weights ? "float32" : dtype });
  if (mode === "one_hot") return vectors;
  const axis = raised.rank > 1 ? 1 : 0;
  if (mode === "multi_hot") return max(vectors, { axes: [axis] });
  const counted = weights ? mul(vectors, reshape(weights, [...weights.shape, 1])) : vectors;
  return sum(counted, { axes: [axis] });
}

/** The shape of what `encoded` gives. */
export function encodedShape(shape: Shape, mode: OutputMode, depth: number | null): Shape {
  if (mode === "int") return shape;
  if (shape.length === 0) return [depth];
  if (mode === "one_hot")
    return shape.length > 1 && shape.at(-1) === 1 ? [...shape.slice(0, -1), depth] : [...shape, depth];
  return shape.length > 1 ? [shape[0] ?? null, ...shape.slice(2), depth] : [depth];
}

const categoryRules = {
  num_tokens: positive.or(null),
  output_mode: oneOf("one_hot", "multi_hot", "count").or("multi_hot" as "one_hot" | "multi_hot" | "count"),
  sparse: only(false),
} as const;
/** Whole numbers below `num_tokens` as vectors: one for each, or of each example which are there, or how often. */
class CategoryEncodingLayer extends layerOf("CategoryEncoding", categoryRules, ["num_tokens", "output_mode"], {
  call: { count_weights: array.or(null) },
  unsaved: ["sparse"],
  normal: ({ num_tokens }, op) => {
    if (num_tokens !== null) return { num_tokens };
    throw new ArgumentError({ op, argument: "num_tokens", expected: positive.expected, given: "None" });
  },
}) {
  override compute_output_shape(shape: Shape): Shape {
    return encodedShape(shape, this.output_mode, this.num_tokens);
  }

  override call(x: Tensor, { count_weights = null }: Partial<CallContext>): Tensor {
    const weights = count_weights === null ? undefined : floats(count_weights as TensorLike);
    if (weights && this.output_mode !== "count") {
      const expected = 'none unless output_mode is "count"';
      throw new ArgumentError({ op: this.className, argument: "count_weights", expected, given: "an array" });
    }
    return new Tensor(encoded(cast(x.core, "int32"), this.output_mode, this.num_tokens, "float32", weights));
  }
}

const readBins = signature("keras.layers.Discretization.adapt", { data: hostArray, steps: only(null) });
const binRules = {
  bin_boundaries: listOf(number).or(null),
  num_bins: positive.or(null),
  epsilon: number.or(0.01),
  output_mode: oneOf("int", "one_hot", "multi_hot", "count").or("int" as OutputMode),
  sparse: only(false),
  dtype: only(null, "float32"),
  name: nameKind.or(null),
} as const;

type Summary = readonly [values: number[], weights: number[]];
/** y at places between known ones, as NumPy's interp. */
function interpolated(at: number, xs: readonly number[], ys: readonly number[]): number {
  if (at <= (xs[0] as number)) return ys[0] as number;
  const i = xs.findIndex((x) => x >= at);
  if (i < 0) return ys.at(-1) as number;
  const [a, b] = [xs[i - 1] as number, xs[i] as number];
  return (ys[i - 1] as number) + (((ys[i] as number) - (ys[i - 1] as number)) * (at - a)) / (b - a);
}
/** A summary of quantiles with about 1 / precision entries. */
function compressed([values, weights]: Summary, precision: number): Summary {
  if (values.length * precision < 1) return [values, weights];
  let running = 0;
  const totals = weights.map((weight) => (running += weight));
  const shares = totals.map((total) => total / running);
  const places = Array.from({ length: Math.ceil(1 / precision) }, (_, i) => precision + i * precision);
  const at = places.map((place) => interpolated(place, shares, totals));
  return [
    places.map((place) => Math.fround(interpolated(place, shares, values))),
    at.map((total, i) => Math.fround(total - (at[i - 1] ?? 0))),
  ];
}

/** Numbers as the bins they fall into: between boundaries given, or quantiles of the data that `adapt` has seen. */
class DiscretizationLayer extends layerOf("Discretization", binRules, ["bin_boundaries", "num_bins"], {
  closed: true,
  normal: ({ bin_boundaries, num_bins }, op) => {
    if ((bin_boundaries === null) !== (num_bins === null)) return {};
    const given = num_bins === null ? "neither" : "both";
    throw new ArgumentError({ op, argument: "num_bins", expected: "bin_boundaries or num_bins, one of them", given });
  },
}) {
  protected override configuration(): Record<string, unknown> {
    const config = super.configuration();
    return this.num_bins === null ? config : { ...config, bin_boundaries: null };
  }

  /** Takes boundaries from data on the host: the quantiles, to a precision of about `epsilon`. */
  adapt(...args: Args<[data: Exclude<TensorLike, Tensor>], { data: Exclude<TensorLike, Tensor> }>): void {
    const { data } = readBins(args);
    if (this.num_bins === null) {
      const expected = "a layer that was made with num_bins";
      throw new ArgumentError({ op: "adapt", argument: "layer", expected, given: "one with bin_boundaries" });
    }
    const sorted = Float32Array.from(hostData("adapt", data).data).sort();
    const step = Math.max(sorted.length * this.epsilon, 1);
    const first = Math.trunc(step - 1);
    const values = Array.from(sorted).filter((_, i) => i >= first && (i - first) % Math.trunc(step) === 0);
    const summary = compressed([values, values.map(() => Math.fround(step))], this.epsilon);
    this.bin_boundaries = compressed(summary, 1 / this.num_bins)[0].slice(0, -1);
  }

  override compute_output_shape(shape: Shape): Shape {
    return encodedShape(shape, this.output_mode, this.bin_boundaries ? this.bin_boundaries.length + 1 : this.num_bins);
  }

  protected override outputDtype(_: TensorDtype): TensorDtype {
    return this.output_mode === "int" ? "int32" : "float32";
  }

  override call(x: Tensor): Tensor {
    const boundaries = this.bin_boundaries;
    if (!boundaries) {
      const expected = "a layer that was made with bin_boundaries, or has seen data by adapt";
      throw new ArgumentError({ op: this.className, argument: "bin_boundaries", expected, given: "none" });
    }
    const edges = fromData(Float32Array.from(boundaries), [boundaries.length]);
    const bins = searchSorted(edges, floats(x), { right: true });
    if (this.output_mode === "int") return new Tensor(bins);
    return new Tensor(encoded(bins, this.output_mode, boundaries.length + 1, "float32"));
  }
}

export const Normalization = /* @__PURE__ */ layerClass(NormalizationLayer);
export type Normalization = NormalizationLayer;
export const CategoryEncoding = /* @__PURE__ */ layerClass(CategoryEncodingLayer);
export type CategoryEncoding = CategoryEncodingLayer;
export const Discretization = /* @__PURE__ */ layerClass(DiscretizationLayer);
export type Discretization = DiscretizationLayer;

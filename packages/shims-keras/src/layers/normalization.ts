// Normalisations: over a batch, over features, over groups, by length, and of a kernel by its largest singular value.
import {
  ArgumentError,
  add,
  batchNorm,
  batchNormInference,
  cast,
  div,
  groupNorm,
  layerNorm,
  matmul,
  maximum,
  mul,
  noGrad,
  reshape,
  rmsNorm,
  rsqrt,
  runningStatistics,
  scope,
  square,
  sub,
  sum,
  transpose,
  where,
} from "@facet/autograd";
import { bool, int, listOf, number, only, show } from "@facet/dialect";
import { epsilon } from "../config.js";
import { TruncatedNormal } from "../initializers.js";
import { array, positive } from "../kinds.js";
import { asTensor, floats, type Shape, Tensor, type TensorLike } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { type CallContext, constraint, initializer, regularizer, withTraining } from "./arguments.js";
import { layerKind } from "./core.js";
import { layerClass, layerOf } from "./define.js";

type Core = Tensor["core"];
const options = { sameShape: true, masks: true } as const;
const affine = {
  center: bool.or(true),
  scale: bool.or(true),
  beta_initializer: initializer.or("zeros"),
  gamma_initializer: initializer.or("ones"),
} as const;
const limits = {
  beta_regularizer: regularizer,
  gamma_regularizer: regularizer,
  beta_constraint: constraint,
  gamma_constraint: constraint,
} as const;

/** An axis from 0 on. Throws ArgumentError for one that a shape has not. */
function axisOf(op: string, axis: number, { length }: Shape): number {
  const at = axis < 0 ? axis + length : axis;
  if (at >= 0 && at < length) return at;
  throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${length} dimensions`, given: `${axis}` });
}

/** f of x with some axes moved to the end, moved back. */
function atEnd(x: Core, axes: readonly number[], f: (x: Core) => Core): Core {
  const order = [...x.shape.map((_, i) => i).filter((i) => !axes.includes(i)), ...axes];
  if (order.every((axis, i) => axis === i)) return f(x);
  return transpose(
    f(transpose(x, order)),
    order.map((_, i) => order.indexOf(i)),
  );
}

const batchRules = {
  axis: int.or(-1),
  momentum: number.or(0.99),
  epsilon: number.or(1e-3),
  ...affine,
  moving_mean_initializer: initializer.or("zeros"),
  moving_variance_initializer: initializer.or("ones"),
  ...limits,
  renorm: only(false),
  renorm_clipping: only(null),
  renorm_momentum: only(0.99),
  synchronized: only(false),
} as const;

/**
 * In training normalises every channel by the mean and variance of the batch, of the steps that `mask` keeps where one is given, and
 * moves the moving ones towards them; else by the moving ones. A layer that is not trainable behaves as at inference.
 */
class BatchNormalizationLayer extends layerOf("BatchNormalization", batchRules, ["axis", "momentum", "epsilon"], {
  ...options,
  call: { ...withTraining, mask: array.or(null) },
}) {
  gamma: VariableBase | undefined;
  beta: VariableBase | undefined;
  moving_mean: VariableBase | undefined;
  moving_variance: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const shape = [this.knownExtent(inputShape, axisOf(this.className, this.axis, inputShape))];
    if (this.scale) this.gamma = this.weightOf("gamma", shape);
    if (this.center) this.beta = this.weightOf("beta", shape);
    this.moving_mean = this.weightOf("moving_mean", shape, { trainable: false });
    this.moving_variance = this.weightOf("moving_variance", shape, { trainable: false });
  }

  override call(x: Tensor, { training, mask = null }: CallContext): Tensor {
    const axis = axisOf(this.className, this.axis, x.shape);
    this.expectAxis(x.shape, axis, (this.moving_mean as VariableBase).shape[0] as number);
    return new Tensor(
      atEnd(floats(x), [axis], (core) => this.#normalised(core, training && this.trainable, mask as TensorLike | null)),
    );
  }

  /** Of x with its channels last. */
  #normalised(x: Core, training: boolean, mask: TensorLike | null): Core {
    const given = { scale: this.gamma?.core, bias: this.beta?.core, epsilon: this.epsilon, axis: -1 };
    const moving = {
      mean: (this.moving_mean as VariableBase).core,
      variance: (this.moving_variance as VariableBase).core,
    };
    if (!training) return batchNormInference(x, moving, { ...given, axis: x.rank - 1 });
    if (mask !== null) {
      const batch = maskedMoments(x, asTensor(mask));
      this.#move(moving, batch, 1);
      return batchNormInference(x, batch, { ...given, axis: x.rank - 1 });
    }
    const { y, batch, count } = batchNorm(x, { ...given, axis: x.rank - 1 });
    this.#move(moving, batch, count);
    return y;
  }

  #move(moving: { mean: Core; variance: Core }, batch: { mean: Core; variance: Core }, count: number): void {
    noGrad(() =>
      scope(() => {
        const next = runningStatistics(moving, batch, { weight: 1 - this.momentum, unbiased: false, count });
        (this.moving_mean as VariableBase).assign(new Tensor(next.mean));
        (this.moving_variance as VariableBase).assign(new Tensor(next.variance));
      }),
    );
  }
}

/** Mean and variance of channels, which are last, over what a mask keeps. */
function maskedMoments(x: Core, mask: Tensor): { mean: Core; variance: Core } {
  if (mask.ndim !== x.rank - 1) {
    const expected = `one dimension less than the inputs' ${x.rank}`;
    throw new ArgumentError({ op: "BatchNormalization", argument: "mask", expected, given: `${mask.ndim}` });
  }
  const keep = reshape(cast(mask.core, "bool"), [...mask.shape, 1]);
  const axes = x.shape.map((_, i) => i).slice(0, -1);
  const total = add(sum(cast(keep, "float32")), epsilon());
  const mean = div(sum(where(keep, x, 0), { axes }), total);
  return { mean, variance: div(sum(square(where(keep, sub(x, mean), 0)), { axes }), total) };
}

const axesKind = int.either(listOf(int));
/** Axes in order, from 0 on. */
const sortedAxes = (op: string, given: number | readonly number[], shape: Shape): number[] =>
  [given]
    .flat()
    .map((axis) => axisOf(op, axis, shape))
    .sort((a, b) => a - b);

const layerNormRules = {
  axis: axesKind.or(-1),
  epsilon: number.or(1e-3),
  ...affine,
  ...limits,
  "*": null,
  rms_scaling: only(false),
} as const;
/** Normalises every example by the mean and variance along `axis`, one or several. */
class LayerNormalizationLayer extends layerOf("LayerNormalization", layerNormRules, ["axis", "epsilon"], options) {
  gamma: VariableBase | undefined;
  beta: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const shape = sortedAxes(this.className, this.axis, inputShape).map((axis) => this.knownExtent(inputShape, axis));
    this.axis = [...[this.axis].flat()].sort((a, b) => a - b);
    if (this.scale) this.gamma = this.weightOf("gamma", shape);
    if (this.center) this.beta = this.weightOf("beta", shape);
  }

  override call(x: Tensor): Tensor {
    const axes = sortedAxes(this.className, this.axis, x.shape);
    const given = { scale: this.gamma?.core, bias: this.beta?.core, epsilon: this.epsilon, count: axes.length };
    return new Tensor(atEnd(floats(x), axes, (core) => layerNorm(core, given)));
  }
}

/** Divides every example by the root of the mean of squares along `axis`, one or several. */
class RMSNormalizationLayer extends layerOf(
  "RMSNormalization",
  { axis: axesKind.or(-1), epsilon: number.or(1e-6) },
  ["axis", "epsilon"],
  { sameShape: true },
) {
  scale: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const shape = sortedAxes(this.className, this.axis, inputShape).map((axis) => this.knownExtent(inputShape, axis));
    this.axis = [...[this.axis].flat()].sort((a, b) => a - b);
    this.scale = this.add_weight({ shape, initializer: "ones", name: "scale" });
  }

  override call(x: Tensor): Tensor {
    const axes = sortedAxes(this.className, this.axis, x.shape);
    const given = { scale: this.scale?.core, epsilon: this.epsilon, count: axes.length };
    return new Tensor(atEnd(floats(x), axes, (core) => rmsNorm(core, given)));
  }
}

const groupRules = {
  groups: int.where("a positive integer, or -1", (groups) => groups > 0 || groups === -1).or(32),
  axis: int.or(-1),
  epsilon: number.or(1e-3),
  ...affine,
  ...limits,
} as const;
/** Normalises groups of channels of every example; -1 groups are as many as channels. */
class GroupNormalizationLayer extends layerOf(
  "GroupNormalization",
  groupRules,
  ["groups", "axis", "epsilon"],
  options,
) {
  gamma: VariableBase | undefined;
  beta: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const channels = this.knownExtent(inputShape, axisOf(this.className, this.axis, inputShape));
    if (this.groups === -1) this.groups = channels;
    if (channels % this.groups !== 0) {
      const expected = `a divisor of the ${channels} channels`;
      throw new ArgumentError({ op: this.className, argument: "groups", expected, given: `${this.groups}` });
    }
    if (this.scale) this.gamma = this.weightOf("gamma", [channels]);
    if (this.center) this.beta = this.weightOf("beta", [channels]);
  }

  override call(x: Tensor): Tensor {
    const axis = axisOf(this.className, this.axis, x.shape);
    const given = { scale: this.gamma?.core, bias: this.beta?.core, epsilon: this.epsilon, axis: x.ndim - 1 };
    return new Tensor(atEnd(floats(x), [axis], (core) => groupNorm(core, this.groups, given)));
  }
}

/** x over its length along `axis`, one or several. */
class UnitNormalizationLayer extends layerOf("UnitNormalization", { axis: axesKind.or(-1) }, ["axis"], options) {
  override call(x: Tensor): Tensor {
    const core = floats(x);
    const axes = sortedAxes(this.className, this.axis, x.shape);
    return new Tensor(mul(core, rsqrt(maximum(sum(square(core), { axes, keepdims: true }), 1e-24))));
  }
}

/** Over its length as a whole; Keras divides by at least 1e-12. */
const unit = (x: Core): Core => mul(x, rsqrt(maximum(sum(square(x)), 1e-24)));

/**
 * A layer whose kernel (or table) each call in training divides by an estimate of its largest singular value, which
 * `power_iterations` steps make better.
 */
class SpectralNormalizationLayer extends layerOf(
  "SpectralNormalization",
  { layer: layerKind, power_iterations: positive.or(1) },
  ["layer", "power_iterations"],
  { call: withTraining },
) {
  kernel: VariableBase | undefined;
  vector_u: VariableBase | undefined;

  get #kernel(): VariableBase {
    const { kernel, embeddings } = this.layer as unknown as Record<string, VariableBase | undefined>;
    const found = kernel ?? embeddings;
    if (found) return found;
    const expected = "a layer with a kernel or embeddings";
    throw new ArgumentError({ op: this.className, argument: "layer", expected, given: show(this.layer.className) });
  }

  override build(inputShape: Shape): void {
    this.layer.ensureBuilt(inputShape);
    this.kernel = this.#kernel;
    const shape = [1, this.kernel.shape.at(-1) as number];
    const first = new TruncatedNormal({ stddev: 0.02 });
    this.vector_u = this.add_weight({ shape, initializer: first, trainable: false, name: "vector_u" });
  }

  override compute_output_shape(inputShape: Shape): Shape {
    return this.layer.compute_output_shape(inputShape);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (training) noGrad(() => scope(() => this.#normalise()));
    return this.layer.run([x], training) as Tensor;
  }

  #normalise(): void {
    const kernel = this.#kernel;
    const rows = reshape(kernel.core, [-1, kernel.shape.at(-1) as number]);
    let u = (this.vector_u as VariableBase).core;
    let v = u;
    for (let i = 0; i < this.power_iterations; i++) {
      v = unit(matmul(u, rows, { transposeB: true }));
      u = unit(matmul(v, rows));
    }
    const sigma = sum(mul(matmul(v, rows), u));
    // A kernel of zeros stays so: its singular value is 0.
    const divided = div(kernel.core, maximum(sigma, 1e-30));
    (this.vector_u as VariableBase).assign(new Tensor(u));
    kernel.assign(new Tensor(divided));
  }
}

export const BatchNormalization = /* @__PURE__ */ layerClass(BatchNormalizationLayer);
export type BatchNormalization = BatchNormalizationLayer;
export const LayerNormalization = /* @__PURE__ */ layerClass(LayerNormalizationLayer);
export type LayerNormalization = LayerNormalizationLayer;
export const RMSNormalization = /* @__PURE__ */ layerClass(RMSNormalizationLayer);
export type RMSNormalization = RMSNormalizationLayer;
export const GroupNormalization = /* @__PURE__ */ layerClass(GroupNormalizationLayer);
export type GroupNormalization = GroupNormalizationLayer;
export const UnitNormalization = /* @__PURE__ */ layerClass(UnitNormalizationLayer);
export type UnitNormalization = UnitNormalizationLayer;
export const SpectralNormalization = /* @__PURE__ */ layerClass(SpectralNormalizationLayer);
export type SpectralNormalization = SpectralNormalizationLayer;

// Layers of several inputs.
import {
  ArgumentError,
  add,
  any,
  type Tensor as CoreTensor,
  concat,
  div,
  einsum,
  expand,
  maximum,
  minimum,
  mul,
  ones,
  reshape,
  rsqrt,
  ShapeError,
  square,
  sub,
  sum,
} from "@facet/autograd";
import { bool, int, listOf, show } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { floats, pythonShape, type Shape, Tensor } from "../tensor.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import { anyMask, type Masks } from "./masks.js";

type Fold = (a: CoreTensor, b: CoreTensor) => CoreTensor;
const noRules = {} as const;
type MergeClass = WithoutNew<LayerClass<typeof noRules, readonly [], Record<never, never>>>;

/** Extents that broadcast against one another; null may be anything. */
function broadcast(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map(({ length }) => length));
  // Examples come first, whatever the rank.
  const aligned = shapes.map((shape) => [
    shape[0] ?? null,
    ...new Array(rank - shape.length).fill(1),
    ...shape.slice(1),
  ]);
  return Array.from({ length: rank }, (_, axis) => {
    const known = aligned.map((shape) => shape[axis] as number | null);
    const found = known.find((extent) => extent !== null && extent !== 1) ?? null;
    const misfit = known.findIndex(
      (extent) => extent !== null && (axis === 0 ? extent !== (found ?? 1) : extent !== 1 && extent !== found),
    );
    if (misfit >= 0 && !(axis === 0 && found === null)) {
      const expected = `shapes that broadcast to ${pythonShape(shapes[0] as Shape)}`;
      const given = pythonShape(shapes[misfit] as Shape);
      throw new ShapeError({ op, argument: `inputs[${misfit}]`, expected, given });
    }
    return found ?? (known.includes(null) ? null : 1);
  });
}

/** A layer that folds its inputs, which broadcast; those of fewer dimensions get theirs after the batch's. */
function merging(name: string, fold: Fold, count?: number): MergeClass {
  class Merge extends layerOf(name, noRules, [], { masks: true }) {
    override compute_output_shape(shapes: readonly Shape[]): Shape {
      return broadcast(name, manyShapes(name, shapes, count ?? 1, count));
    }

    override compute_mask(_inputs: unknown, masks: Masks): Masks {
      return masks === null ? null : anyMask(masks);
    }

    override call(inputs: readonly Tensor[]): Tensor {
      const { length } = this.compute_output_shape(shapesIn(name, inputs));
      const raised = inputs.map(({ core }) => {
        const shape = [
          core.shape[0] as number,
          ...new Array<number>(length - core.rank).fill(1),
          ...core.shape.slice(1),
        ];
        return core.rank === length ? core : reshape(core, shape);
      });
      const total = raised.slice(1).reduce(fold, raised[0] as CoreTensor);
      return new Tensor(name === "Average" ? div(total, inputs.length) : total);
    }
  }
  return layerClass(Merge) as unknown as MergeClass;
}

/** Inputs one after another along `axis` (default the last); every other extent must agree. */
class ConcatenateLayer extends /* @__PURE__ */ layerOf("Concatenate", { axis: int.or(-1) }, ["axis"], {
  masks: true,
  keepsDtype: true,
}) {
  override compute_output_shape(shapes: readonly Shape[]): Shape {
    const [first, ...rest] = manyShapes("Concatenate", shapes, 1);
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
    if (!(axis >= 0 && axis < first.length)) {
      const expected = `an axis of ${pythonShape(first)}`;
      throw new ArgumentError({ op: "Concatenate", argument: "axis", expected, given: `${this.axis}` });
    }
    let total = first[axis] ?? null;
    const merged = [...first];
    for (const [i, shape] of rest.entries()) {
      const fits =
        shape.length === first.length &&
        shape.every((extent, at) => at === axis || extent === merged[at] || extent === null || merged[at] === null);
      if (!fits) {
        const expected = `${pythonShape(first)} except along axis ${this.axis}`;
        throw new ShapeError({ op: "Concatenate", argument: `inputs[${i + 1}]`, expected, given: pythonShape(shape) });
      }
      for (const [at, extent] of shape.entries()) merged[at] ??= extent;
      const extent = shape[axis] ?? null;
      total = total === null || extent === null ? null : total + extent;
    }
    return merged.map((extent, at) => (at === axis ? total : extent));
  }

  /** Masks joined as the inputs are; an input without one counts whole. A step counts where any of its elements does. */
  override compute_mask(inputs: readonly Tensor[], masks: Masks): Masks {
    if (!Array.isArray(masks)) return null;
    const each = inputs.map(({ shape, ndim }, i) => {
      const mask = (masks[i] as Tensor | null | undefined)?.core;
      if (!mask) return ones(shape, "bool");
      return mask.rank < ndim ? expand(reshape(mask, [...mask.shape, 1]), shape) : mask;
    });
    return new Tensor(any(concat(each, this.axis), { axes: [-1] }));
  }

  override call(inputs: readonly Tensor[]): Tensor {
    this.compute_output_shape(shapesIn(this.className, inputs));
    return new Tensor(
      concat(
        inputs.map(({ core }) => core),
        this.axis,
      ),
    );
  }
}

const dotRules = { axes: int.either(listOf(int, 2)), normalize: bool.or(false) } as const;
/** Products of two inputs, summed along an axis of each, example by example; with `normalize` of vectors of length 1. */
class DotLayer extends /* @__PURE__ */ layerOf("Dot", dotRules, ["axes", "normalize"], { masks: true }) {
  #axes([a, b]: readonly Shape[]): [number, number] {
    const of = (axis: number, { length }: Shape): number => (axis < 0 ? axis + length : axis);
    const [first, second] = typeof this.axes === "number" ? [this.axes, this.axes] : (this.axes as [number, number]);
    const found: [number, number] = [of(first, a as Shape), of(second, b as Shape)];
    if (found[0] > 0 && found[1] > 0 && found[0] < (a as Shape).length && found[1] < (b as Shape).length) return found;
    const expected = "an axis of each input but the batch's";
    throw new ArgumentError({ op: "Dot", argument: "axes", expected, given: show(this.axes) });
  }

  override compute_output_shape(given: readonly Shape[]): Shape {
    const shapes = manyShapes("Dot", given, 2, 2);
    const [first, second] = this.#axes(shapes);
    const [a, b] = shapes as readonly Shape[] as [Shape, Shape];
    const [m, n] = [a[first] ?? null, b[second] ?? null];
    if (m !== null && n !== null && m !== n) {
      const expected = `axis ${second} of extent ${m}, as axis ${first} of the other input`;
      throw new ShapeError({ op: "Dot", argument: "inputs[1]", expected, given: pythonShape(b) });
    }
    const kept = [...a.filter((_, i) => i !== first), ...b.filter((_, i) => i !== 0 && i !== second)];
    return kept.length === 1 ? [...kept, 1] : kept;
  }

  override compute_mask(): Masks {
    return null;
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const shapes = shapesIn(this.className, inputs);
    const result = this.compute_output_shape(shapes) as number[];
    const axes = this.#axes(shapes);
    const [a, b] = inputs.map((x, i) => (this.normalize ? unitLength(floats(x), axes[i] as number) : floats(x)));
    const letters = (count: number, from: number): string[] =>
      Array.from({ length: count }, (_, i) => String.fromCharCode(97 + from + i));
    const left = letters((a as CoreTensor).rank, 1);
    const right = letters((b as CoreTensor).rank, 1 + left.length);
    left[0] = "a";
    right[0] = "a";
    right[axes[1]] = left[axes[0]] as string;
    const out = [...left.filter((_, i) => i !== axes[0]), ...right.filter((_, i) => i !== 0 && i !== axes[1])];
    const product = einsum(`${left.join("")},${right.join("")}->${out.join("")}`, a as CoreTensor, b as CoreTensor);
    return new Tensor(reshape(product, result));
  }
}

/** x over its length along an axis; Keras divides by at least 1e-12. */
function unitLength(x: CoreTensor, axis: number): CoreTensor {
  const squares = sum(square(x), { axes: [axis], keepdims: true });
  return mul(x, rsqrt(maximum(squares, 1e-24)));
}

function shapesIn(op: string, inputs: unknown): Shape[] {
  if (Array.isArray(inputs)) return inputs.map(({ shape }) => shape);
  throw new ArgumentError({ op, argument: "inputs", expected: "a list of tensors", given: show(inputs) });
}

function manyShapes(op: string, shapes: readonly Shape[], least: number, most = Infinity): [Shape, ...Shape[]] {
  const fits = Array.isArray(shapes) && shapes.length >= least && shapes.length <= most;
  if (fits && shapes.every((shape) => Array.isArray(shape))) return shapes as unknown as [Shape, ...Shape[]];
  const expected = most === 2 ? "a list of 2 tensors" : `a list of at least ${least} tensors`;
  throw new ArgumentError({ op, argument: "inputs", expected, given: show(shapes) });
}

/** Sum of the inputs. */
export const Add = /* @__PURE__ */ merging("Add", add);
export type Add = InstanceType<typeof Add>;
/** The first of two inputs less the second. */
export const Subtract = /* @__PURE__ */ merging("Subtract", sub, 2);
/** Product of the inputs. */
export const Multiply = /* @__PURE__ */ merging("Multiply", mul);
/** Mean of the inputs. */
export const Average = /* @__PURE__ */ merging("Average", add);
export const Maximum = /* @__PURE__ */ merging("Maximum", maximum);
export const Minimum = /* @__PURE__ */ merging("Minimum", minimum);
export const Concatenate = /* @__PURE__ */ layerClass(ConcatenateLayer);
export type Concatenate = ConcatenateLayer;
export const Dot = /* @__PURE__ */ layerClass(DotLayer);
export type Dot = DotLayer;

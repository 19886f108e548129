// Where data enter, and layers that compute little: masks, functions as layers, layers around others.
import { ArgumentError, any, notEqual, where } from "@facet/autograd";
import { type Args, bool, func, instance, listOf, mapping, number, only, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { array, dtypeKind, nameKind, positive, shape as shapeKind } from "../kinds.js";
import { addNode } from "../operation.js";
import {
  asTensor,
  type KerasTensor,
  type Shape,
  sameTensor,
  Tensor,
  type TensorDtype,
  type TensorLike,
} from "../tensor.js";
import type { CallContext, LayerInput } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import { Layer } from "./layer.js";
import type { Masks } from "./masks.js";

export interface InputArguments {
  shape: Shape | null;
  batch_size: number | null;
  dtype: TensorDtype | null;
  batch_shape: Shape | null;
  name: string | null;
}

const extents = listOf(positive.orNone);
const inputRules = {
  shape: extents.or(null),
  batch_size: positive.or(null),
  dtype: dtypeKind.or(null),
  sparse: only(null, false),
  ragged: only(null, false),
  batch_shape: extents.or(null),
};
const readInputLayer = signature("keras.layers.InputLayer", {
  ...inputRules,
  input_tensor: only(null),
  optional: only(false),
  name: nameKind.or(null),
  "*": null,
  activity_regularizer: only(null),
  trainable: bool.or(true),
  autocast: only(true, false),
});
const readInput = (name: string) =>
  signature(name, { ...inputRules, name: nameKind.or(null), tensor: only(null), optional: only(false) });

/** Where data enters a functional model. Its only placeholder is `output`. */
class InputLayerLayer extends Layer {
  static override readonly className = "InputLayer";
  readonly batch_shape: Shape;
  readonly dtype: TensorDtype;

  constructor(...args: Args<[shape: Shape | null, batch_size: number | null], InputArguments>) {
    const given = readInputLayer(args);
    super({ name: given.name, trainable: given.trainable });
    const { shape, batch_shape, batch_size } = given;
    if ((shape === null) === (batch_shape === null)) {
      const expected = "shape (without the batch) or batch_shape, one of them";
      const argument = shape === null ? "shape" : "batch_shape";
      throw new ArgumentError({ op: "InputLayer", argument, expected, given: shape === null ? "none" : "both" });
    }
    if (batch_shape !== null && batch_size !== null)
      throw new ArgumentError({
        op: "InputLayer",
        argument: "batch_size",
        expected: "none beside batch_shape",
        given: `${batch_size}`,
      });
    this.batch_shape = batch_shape ?? [batch_size, ...(shape as Shape)];
    this.dtype = given.dtype ?? "float32";
    this.built = true;
    addNode(this, [], {}, [{ shape: this.batch_shape, dtype: this.dtype, name: given.name }]);
  }

  override compute_output_shape(): Shape {
    return this.batch_shape;
  }

  override call(x: Tensor): Tensor {
    return sameTensor(x);
  }
}

export const InputLayer = /* @__PURE__ */ withoutNew(InputLayerLayer);
export type InputLayer = InputLayerLayer;

type InputFunction = Makes<
  Args<[shape: Shape | null, batch_size: number | null, dtype: TensorDtype | null], InputArguments>,
  KerasTensor
>;

/** `keras.Input`, under its public name. */
export function inputOf(name: "keras.Input" | "keras.layers.Input"): InputFunction {
  const read = readInput(name);
  return function Input(...args: unknown[]): KerasTensor {
    const { shape, batch_size, dtype, batch_shape, name } = read(args);
    return new InputLayerLayer({ shape, batch_size, dtype, batch_shape, name }).output;
  } as unknown as InputFunction;
}

/** `keras.Input({ shape: [28, 28, 1] })`: a placeholder [null, 28, 28, 1]. `shape` leaves the batch out. */
export const Input = /* @__PURE__ */ inputOf("keras.layers.Input");

/** x. */
class IdentityLayer extends /* @__PURE__ */ layerOf("Identity", {}, [], {
  sameShape: true,
  keepsDtype: true,
  masks: true,
}) {
  override call(x: Tensor): Tensor {
    return sameTensor(x);
  }
}

/** Masks steps all of whose features are `mask_value`, and sets them to 0. */
class MaskingLayer extends /* @__PURE__ */ layerOf("Masking", { mask_value: number.or(0) }, ["mask_value"], {
  sameShape: true,
  keepsDtype: true,
  masks: true,
}) {
  override compute_mask(x: Tensor): Masks {
    return new Tensor(any(notEqual(x.core, this.mask_value), { axes: [-1] }));
  }

  override call(x: Tensor): Tensor {
    const keep = any(notEqual(x.core, this.mask_value), { axes: [-1], keepdims: true });
    return new Tensor(where(keep, x.core, 0));
  }
}

type LambdaFunction = (inputs: Tensor, options?: Record<string, unknown>) => LayerInput<Tensor>;
const lambdaRules = {
  function: func,
  output_shape: shapeKind.either(func).or(null),
  mask: array.either(func).or(null),
  arguments: mapping<Record<string, unknown>>().or(null),
} as const;
/**
 * A function as a layer. It is called with the inputs and, where there are `arguments`, these; one that takes a second parameter
 * gets `mask` and `training` among them.
 */
class LambdaLayer extends /* @__PURE__ */ layerOf("Lambda", lambdaRules, ["function", "output_shape"], {
  call: { mask: array.or(null) },
  normal: ({ arguments: given }) => ({ arguments: given ?? {} }),
}) {
  override compute_output_shape(inputShape: Shape): Shape {
    const given = this.output_shape as Shape | ((shape: Shape) => Shape) | null;
    if (given === null) return super.compute_output_shape(inputShape);
    return typeof given === "function" ? given(inputShape) : [inputShape[0] ?? null, ...given];
  }

  override compute_mask(inputs: LayerInput<Tensor>, masks: Masks): Masks {
    const { mask } = this;
    if (typeof mask === "function") return (mask as (x: unknown, mask: Masks) => Masks)(inputs, masks);
    return mask === null ? null : asTensor(mask as TensorLike);
  }

  override call(inputs: Tensor, { training, mask = null }: CallContext): LayerInput<Tensor> {
    const compute = this.function as LambdaFunction;
    const given = this.arguments as Record<string, unknown>;
    if (compute.length > 1) return compute(inputs, { ...given, mask, training });
    return Object.keys(given).length > 0 ? compute(inputs, given) : compute(inputs);
  }
}

/** A layer. */
export const layerKind = instance(() => Layer, "a layer");

/** The base of layers around another, `layer`. */
class WrapperLayer extends /* @__PURE__ */ layerOf("Wrapper", { layer: layerKind }, ["layer"]) {
  override build(inputShape: Shape): void {
    this.layer.ensureBuilt(inputShape);
  }
}

export const Identity = /* @__PURE__ */ layerClass(IdentityLayer);
export type Identity = IdentityLayer;
export const Masking = /* @__PURE__ */ layerClass(MaskingLayer);
export type Masking = MaskingLayer;
export const Lambda = /* @__PURE__ */ layerClass(LambdaLayer);
export type Lambda = LambdaLayer;
export const Wrapper = /* @__PURE__ */ layerClass(WrapperLayer);
export type Wrapper = WrapperLayer;

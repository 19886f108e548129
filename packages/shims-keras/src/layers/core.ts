import { ArgumentError, cast, dropout, matmul, reshape, ShapeError, transpose } from "@facet/autograd";
import { type Args, bool, int, listOf, only, signature } from "@facet/dialect";
import type { ActivationArgument } from "../activations.js";
import { type Makes, withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, type SeedGenerator, seedGenerator, seedKind } from "../config.js";
import { dataFormatKind, dtypeKind, fraction, nameKind, positive } from "../kinds.js";
import { addNode } from "../operation.js";
import { elementsOf, reshapedTo } from "../ops/shapes.js";
import { type KerasTensor, pythonShape, type Shape, sameTensor, Tensor, type TensorDtype } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import {
  type CallContext,
  callSignature,
  keywordRules,
  type LayerKeywords,
  layerPart,
  layerRules,
  withTraining,
} from "./arguments.js";
import { expectShape } from "./inputs.js";
import { type KernelArguments, KernelLayer, kernelRules } from "./kernel.js";
import { Layer, SameShapeLayer } from "./layer.js";

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

export const InputLayer = withoutNew(InputLayerLayer);
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
export const Input = inputOf("keras.layers.Input");

export interface DenseArguments extends KernelArguments {
  units: number;
}

const readDense = signature("keras.layers.Dense", {
  units: positive,
  ...kernelRules,
  lora_rank: only(null),
  lora_alpha: only(null),
  quantization_config: only(null),
  ...keywordRules,
});

/** activation(x kernel + bias) along the last axis: [..., in] to [..., units]; kernel [in, units]. */
class DenseLayer extends KernelLayer {
  static override readonly className = "Dense";
  static override readonly callReader = callSignature("Dense", withTraining);
  readonly units: number;

  constructor(
    ...args: Args<[units: number, activation: ActivationArgument | null, use_bias: boolean], DenseArguments>
  ) {
    const given = readDense(args);
    super("Dense", given);
    this.units = given.units;
  }

  override build(inputShape: Shape): void {
    this.expectRank(inputShape, 2, true);
    this.addKernel([this.knownExtent(inputShape, -1), this.units]);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 2, true);
    if (this.kernel) this.expectAxis(inputShape, -1, this.kernel.shape[0] as number);
    return [...inputShape.slice(0, -1), this.units];
  }

  override call(x: Tensor): Tensor {
    this.compute_output_shape(x.shape);
    const { core } = this.kernel as VariableBase;
    return this.activation(new Tensor(matmul(cast(x.core, "float32"), core, { bias: this.bias?.core })));
  }
}

const readFlatten = signature("keras.layers.Flatten", { data_format: dataFormatKind.or(null), ...layerRules });

/**
 * [n, ...] to [n, product of the rest]. With data_format "channels_first" the channels are moved last before, as Keras does,
 * so that the order of the features is that of "channels_last".
 */
class FlattenLayer extends Layer {
  static override readonly className = "Flatten";
  static override readonly callReader = callSignature("Flatten");
  readonly data_format: DataFormat;

  constructor(...args: Args<[data_format: DataFormat | null], LayerKeywords & { data_format: DataFormat | null }>) {
    const given = readFlatten(args);
    super(layerPart(given));
    this.data_format = dataFormat(given.data_format);
  }

  protected override outputDtype(input: TensorDtype): TensorDtype {
    return input;
  }

  override compute_output_shape(inputShape: Shape): Shape {
    expectShape(this.className, inputShape);
    return [inputShape[0] ?? null, elementsOf(inputShape.slice(1))];
  }

  override call(x: Tensor): Tensor {
    const channelsFirst = this.data_format === "channels_first" && x.ndim > 2;
    const order = [0, ...x.shape.map((_, i) => i).slice(2), 1];
    return new Tensor(
      reshape(channelsFirst ? transpose(x.core, order) : x.core, this.compute_output_shape(x.shape) as number[]),
    );
  }
}

const readReshape = signature("keras.layers.Reshape", {
  target_shape: listOf(int.where("an integer of at least -1", (extent) => extent >= -1)).where(
    "a list of integers of at least -1, of which one may be -1",
    (shape) => shape.indexOf(-1) === shape.lastIndexOf(-1),
  ),
  ...layerRules,
});

/** [n, ...] to [n, ...target_shape]; one extent may be -1. */
class ReshapeLayer extends Layer {
  static override readonly className = "Reshape";
  static override readonly callReader = callSignature("Reshape");
  readonly target_shape: readonly number[];

  constructor(...args: Args<[target_shape: readonly number[]], LayerKeywords & { target_shape: readonly number[] }>) {
    const given = readReshape(args);
    super(layerPart(given));
    this.target_shape = given.target_shape;
  }

  protected override outputDtype(input: TensorDtype): TensorDtype {
    return input;
  }

  override compute_output_shape(inputShape: Shape): Shape {
    expectShape(this.className, inputShape);
    const rest = inputShape.slice(1);
    const target = reshapedTo(rest, this.target_shape);
    if (target) return [inputShape[0] ?? null, ...target];
    const expected = `a shape of the ${elementsOf(rest)} elements of ${pythonShape(rest)}`;
    const given = pythonShape(this.target_shape);
    throw new ShapeError({ op: "Reshape", argument: "target_shape", expected, given });
  }

  override call(x: Tensor): Tensor {
    return new Tensor(reshape(x.core, this.compute_output_shape(x.shape) as number[]));
  }
}

interface DropoutArguments extends LayerKeywords {
  rate: number;
  noise_shape: Shape | null;
  seed: number | SeedGenerator | null;
}
const readDropout = signature("keras.layers.Dropout", {
  rate: fraction,
  noise_shape: only(null),
  seed: seedKind.or(null),
  ...layerRules,
});

/**
 * In training zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate); else passes x on. Call n of
 * a layer draws from fold_in(key(seed), n); without a seed the key comes from the program's source.
 */
class DropoutLayer extends SameShapeLayer {
  static override readonly className = "Dropout";
  static override readonly callReader = callSignature("Dropout", withTraining);
  readonly rate: number;
  readonly #keys: SeedGenerator;

  constructor(...args: Args<[rate: number, noise_shape: null, seed: number | SeedGenerator | null], DropoutArguments>) {
    const given = readDropout(args);
    super(layerPart(given));
    this.rate = given.rate;
    this.#keys = seedGenerator(given.seed);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (!training || this.rate === 0) return sameTensor(x);
    return this.rate === 1 ? x.mul(0) : new Tensor(dropout(x.core, this.rate, this.#keys.next()));
  }
}

export const Dense = withoutNew(DenseLayer);
export type Dense = DenseLayer;
export const Flatten = withoutNew(FlattenLayer);
export type Flatten = FlattenLayer;
export const Reshape = withoutNew(ReshapeLayer);
export type Reshape = ReshapeLayer;
export const Dropout = withoutNew(DropoutLayer);
export type Dropout = DropoutLayer;

import { ArgumentError, dropout, matmul, reshape, ShapeError, transpose } from "@facet/autograd";
import * as activations from "../activations.js";
import { type Keywords, parseArguments, positiveInteger, required, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, type SeedGenerator, seedGenerator } from "../config.js";
import { get as getInitializer, type InitializerArgument } from "../initializers.js";
import { type KerasTensor, pythonShape, type Shape, sameTensor, Tensor } from "../tensor.js";
import type { Variable } from "../variable.js";
import { type CallContext, Layer, type LayerKeywords, layerParameters, layerUnsupported } from "./layer.js";
import { inputShapeParameter } from "./spatial.js";

interface InputArguments {
  shape: readonly (number | null)[];
  batch_size: number;
  name: string;
}

const inputSignature = {
  parameters: { shape: required, batch_size: null, name: null },
  unsupported: { dtype: "float32", sparse: false, ragged: false, batch_shape: null, tensor: null, optional: false },
} as const;

/** Where data enters a functional model. Its only placeholder is `output`. */
class InputLayerLayer extends Layer {
  static readonly className = "InputLayer";
  readonly batch_shape: Shape;

  constructor(
    ...args: [shape: readonly (number | null)[] | Keywords<InputArguments>, rest?: Keywords<InputArguments>]
  ) {
    const given = parseArguments<{ [K in keyof InputArguments]: InputArguments[K] | null }>(
      "InputLayer",
      args,
      inputSignature,
    );
    super(given as { name: string | null });
    const shape = given.shape as readonly (number | null)[];
    if (
      !Array.isArray(shape) ||
      !shape.every((extent) => extent === null || (Number.isInteger(extent) && extent > 0))
    ) {
      const expected = "a list of positive integers and nulls, without the batch";
      throw new ArgumentError({ op: "InputLayer", argument: "shape", expected, given: show(shape) });
    }
    this.batch_shape = [given.batch_size, ...shape];
    this.built = true;
    this.addNode([], [this.batch_shape]);
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

type InputFunction = {
  (...args: ConstructorParameters<typeof InputLayerLayer>): KerasTensor;
  new (...args: ConstructorParameters<typeof InputLayerLayer>): KerasTensor;
};

/** `keras.Input({ shape: [28, 28, 1] })`: a placeholder [null, 28, 28, 1]. `shape` leaves the batch out. */
export const Input = function Input(...args: ConstructorParameters<typeof InputLayerLayer>): KerasTensor {
  return new InputLayerLayer(...args).output;
} as InputFunction;

export interface DenseArguments extends LayerKeywords {
  units: number;
  activation: activations.ActivationArgument;
  use_bias: boolean;
  kernel_initializer: InitializerArgument;
  bias_initializer: InitializerArgument;
  input_shape: readonly number[];
}

const denseSignature = {
  parameters: {
    units: required,
    activation: null,
    use_bias: true,
    kernel_initializer: "glorot_uniform",
    bias_initializer: "zeros",
    ...layerParameters,
    ...inputShapeParameter,
  },
  unsupported: {
    kernel_regularizer: null,
    bias_regularizer: null,
    kernel_constraint: null,
    bias_constraint: null,
    lora_rank: null,
    lora_alpha: null,
    quantization_config: null,
    ...layerUnsupported,
  },
} as const;

/** activation(x kernel + bias) along the last axis: [..., in] to [..., units]; kernel [in, units]. */
class DenseLayer extends Layer {
  static readonly className = "Dense";
  readonly units: number;
  readonly activation: activations.Activation;
  readonly use_bias: boolean;
  readonly input_shape: readonly number[] | null;
  readonly #initializers: { kernel: InitializerArgument; bias: InitializerArgument };
  kernel: Variable | undefined;
  bias: Variable | undefined;

  constructor(
    ...args: [
      units: number | Keywords<DenseArguments>,
      activation?: activations.ActivationArgument | Keywords<DenseArguments> | null,
      rest?: Keywords<DenseArguments>,
    ]
  ) {
    const given = parseArguments<{ [K in keyof DenseArguments]: DenseArguments[K] | null }>(
      "Dense",
      args,
      denseSignature,
    );
    super(given);
    this.units = positiveInteger("Dense", "units", given.units);
    this.activation = activations.get(given.activation);
    this.use_bias = given.use_bias as boolean;
    this.input_shape = given.input_shape;
    this.#initializers = {
      kernel: getInitializer(given.kernel_initializer as InitializerArgument),
      bias: getInitializer(given.bias_initializer as InitializerArgument),
    };
  }

  override build(inputShape: Shape): void {
    this.expectRank(inputShape, 2, true);
    const features = this.knownExtent(inputShape, -1);
    const { kernel, bias } = this.#initializers;
    this.kernel = this.add_weight({ shape: [features, this.units], initializer: kernel, name: "kernel" });
    if (this.use_bias) this.bias = this.add_weight({ shape: [this.units], initializer: bias, name: "bias" });
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 2, true);
    if (this.kernel) this.expectAxis(inputShape, -1, this.kernel.shape[0] as number);
    return [...inputShape.slice(0, -1), this.units];
  }

  override call(x: Tensor): Tensor {
    this.compute_output_shape(x.shape);
    return this.activation(new Tensor(matmul(x.core, (this.kernel as Variable).core, { bias: this.bias?.core })));
  }
}

interface FlattenArguments extends LayerKeywords {
  data_format: DataFormat;
  input_shape: readonly number[];
}

/**
 * [n, ...] to [n, product of the rest]. With data_format "channels_first" the channels are moved last before, as Keras does,
 * so that the order of the features is that of "channels_last".
 */
class FlattenLayer extends Layer {
  static readonly className = "Flatten";
  readonly data_format: DataFormat;
  readonly input_shape: readonly number[] | null;

  constructor(...args: [data_format?: DataFormat | Keywords<FlattenArguments>, rest?: Keywords<FlattenArguments>]) {
    const given = parseArguments<{ [K in keyof FlattenArguments]: FlattenArguments[K] | null }>("Flatten", args, {
      parameters: { data_format: null, ...layerParameters, ...inputShapeParameter },
      unsupported: layerUnsupported,
    });
    super(given);
    this.data_format = dataFormat("Flatten", given.data_format);
    this.input_shape = given.input_shape;
  }

  override compute_output_shape(inputShape: Shape): Shape {
    const rest = inputShape.slice(1);
    return [
      inputShape[0] ?? null,
      rest.includes(null) ? null : rest.reduce<number>((n, extent) => n * (extent ?? 1), 1),
    ];
  }

  override call(x: Tensor): Tensor {
    const channelsFirst = this.data_format === "channels_first" && x.ndim > 2;
    const order = [0, ...x.shape.map((_, i) => i).slice(2), 1];
    return new Tensor(
      reshape(channelsFirst ? transpose(x.core, order) : x.core, this.compute_output_shape(x.shape) as number[]),
    );
  }
}

/** [n, ...] to [n, ...target_shape]; one extent may be -1. */
class ReshapeLayer extends Layer {
  static readonly className = "Reshape";
  readonly target_shape: readonly number[];

  constructor(
    ...args: [
      target_shape: readonly number[] | Keywords<LayerKeywords & { target_shape: readonly number[] }>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const given = parseArguments<LayerKeywords & { target_shape: readonly number[] }>("Reshape", args, {
      parameters: { target_shape: required, ...(layerParameters as unknown as LayerKeywords) },
      unsupported: layerUnsupported,
    });
    super(given);
    this.target_shape = given.target_shape;
  }

  override compute_output_shape(inputShape: Shape): Shape {
    const rest = inputShape.slice(1);
    const known = this.target_shape.reduce((n, extent) => (extent === -1 ? n : n * extent), 1);
    const size = rest.includes(null) ? null : rest.reduce<number>((n, extent) => n * (extent ?? 1), 1);
    const target = this.target_shape.map((extent) => (extent !== -1 ? extent : size === null ? null : size / known));
    const fits = size === null || target.reduce<number>((n, extent) => n * (extent ?? 1), 1) === size;
    if (!fits || target.some((extent) => extent !== null && !(Number.isInteger(extent) && extent >= 0))) {
      const expected = `a shape of the ${size} elements of ${pythonShape(rest)}`;
      const given = pythonShape(this.target_shape);
      throw new ShapeError({ op: "Reshape", argument: "target_shape", expected, given });
    }
    return [inputShape[0] ?? null, ...target];
  }

  override call(x: Tensor): Tensor {
    return new Tensor(reshape(x.core, this.compute_output_shape(x.shape) as number[]));
  }
}

/**
 * In training zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate); else passes x on. Call n of
 * a layer draws from fold_in(key(seed), n); without a seed the key comes from the program's source.
 */
class DropoutLayer extends Layer {
  static readonly className = "Dropout";
  readonly rate: number;
  readonly #keys: SeedGenerator;

  constructor(
    ...args: [
      rate: number | Keywords<LayerKeywords & { rate: number; seed: number }>,
      rest?: Keywords<LayerKeywords & { seed: number }>,
    ]
  ) {
    const given = parseArguments<LayerKeywords & { rate: number; seed: number | null }>("Dropout", args, {
      parameters: { rate: required, seed: null, ...(layerParameters as unknown as LayerKeywords) },
      unsupported: { noise_shape: null, ...layerUnsupported },
    });
    super(given);
    this.rate = given.rate;
    if (!(typeof this.rate === "number" && this.rate >= 0 && this.rate <= 1)) {
      const expected = "a number from 0 to 1";
      throw new ArgumentError({ op: "Dropout", argument: "rate", expected, given: show(this.rate) });
    }
    this.#keys = seedGenerator("Dropout", given.seed);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    return inputShape;
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

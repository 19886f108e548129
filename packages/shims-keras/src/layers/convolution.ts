import { ArgumentError, type Conv2dAttrs, conv2d, conv2dShape } from "@facet/autograd";
import { type Activation, type ActivationArgument, get as getActivation } from "../activations.js";
import { type Keywords, oneOf, pair, parseArguments, positiveInteger, required } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, layoutOf } from "../config.js";
import { get as getInitializer, type InitializerArgument } from "../initializers.js";
import { type Shape, Tensor } from "../tensor.js";
import type { Variable } from "../variable.js";
import { Layer, type LayerKeywords, layerParameters, layerUnsupported } from "./layer.js";
import { channelAxis, inputShapeParameter, PADDINGS, type Padding, type Pair, pad2d, withBatch } from "./spatial.js";

export interface Conv2DArguments extends LayerKeywords {
  filters: number;
  kernel_size: number | Pair;
  strides: number | Pair;
  padding: Padding;
  data_format: DataFormat;
  dilation_rate: number | Pair;
  groups: number;
  activation: ActivationArgument;
  use_bias: boolean;
  kernel_initializer: InitializerArgument;
  bias_initializer: InitializerArgument;
  input_shape: readonly number[];
}

const signature = {
  parameters: {
    filters: required,
    kernel_size: required,
    strides: [1, 1],
    padding: "valid",
    data_format: null,
    dilation_rate: [1, 1],
    groups: 1,
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
    ...layerUnsupported,
  },
} as const;

/**
 * Two-dimensional convolution. Input [n, h, w, c] or, with data_format "channels_first", [n, c, h, w]; kernel
 * [kh, kw, c / groups, filters]. Defaults of Keras: strides 1, padding "valid", glorot_uniform kernel, bias of zeros.
 * padding "same" is TensorFlow's: an odd pixel goes to the bottom and the right.
 */
class Conv2DLayer extends Layer {
  static readonly className = "Conv2D";
  readonly filters: number;
  readonly kernel_size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly data_format: DataFormat;
  readonly dilation_rate: Pair;
  readonly groups: number;
  readonly activation: Activation;
  readonly use_bias: boolean;
  readonly input_shape: readonly number[] | null;
  readonly #initializers: { kernel: InitializerArgument; bias: InitializerArgument };
  kernel: Variable | undefined;
  bias: Variable | undefined;

  constructor(
    ...args: [
      filters: number | Keywords<Conv2DArguments>,
      kernel_size?: number | Pair | Keywords<Conv2DArguments>,
      strides?: number | Pair | Keywords<Conv2DArguments>,
      padding?: Padding | Keywords<Conv2DArguments>,
      rest?: Keywords<Conv2DArguments>,
    ]
  ) {
    const op = "Conv2D";
    const given = parseArguments<{ [K in keyof Conv2DArguments]: Conv2DArguments[K] | null }>(op, args, signature);
    super(given);
    this.filters = positiveInteger(op, "filters", given.filters);
    this.kernel_size = pair(op, "kernel_size", given.kernel_size);
    this.strides = pair(op, "strides", given.strides);
    this.padding = oneOf(op, "padding", given.padding, PADDINGS);
    this.data_format = dataFormat(op, given.data_format);
    this.dilation_rate = pair(op, "dilation_rate", given.dilation_rate);
    this.groups = positiveInteger(op, "groups", given.groups);
    this.activation = getActivation(given.activation);
    this.use_bias = given.use_bias as boolean;
    this.input_shape = given.input_shape;
    this.#initializers = {
      kernel: getInitializer(given.kernel_initializer as InitializerArgument),
      bias: getInitializer(given.bias_initializer as InitializerArgument),
    };
    if (this.filters % this.groups !== 0) {
      const expected = `a multiple of groups ${this.groups}`;
      throw new ArgumentError({ op, argument: "filters", expected, given: `${this.filters}` });
    }
  }

  override build(inputShape: Shape): void {
    this.expectRank(inputShape, 4, true);
    const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
    if (channels % this.groups !== 0) {
      const expected = `a divisor of the ${channels} input channels`;
      throw new ArgumentError({ op: "Conv2D", argument: "groups", expected, given: `${this.groups}` });
    }
    this.kernel = this.add_weight({
      shape: [...this.kernel_size, channels / this.groups, this.filters],
      initializer: this.#initializers.kernel,
      name: "kernel",
    });
    if (this.use_bias)
      this.bias = this.add_weight({ shape: [this.filters], initializer: this.#initializers.bias, name: "bias" });
  }

  #attributes(shape: Shape): Conv2dAttrs {
    const [h, w] = this.data_format === "channels_last" ? [shape[1], shape[2]] : [shape[2], shape[3]];
    return {
      stride: this.strides,
      padding: pad2d(this.padding, [h as number, w as number], this.kernel_size, this.strides, this.dilation_rate),
      dilation: this.dilation_rate,
      groups: this.groups,
      layout: layoutOf(this.data_format),
      filterLayout: "HWIO",
    };
  }

  #check(shape: Shape): void {
    this.expectRank(shape, 4, true);
    this.expectRank(shape, 4);
    const channels = this.kernel ? (this.kernel.shape[2] as number) * this.groups : 0;
    if (this.kernel) this.expectAxis(shape, channelAxis(this.data_format), channels);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.#check(inputShape);
    const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
    const kernel = [...this.kernel_size, channels / this.groups, this.filters];
    return withBatch(inputShape, (shape) => conv2dShape(shape, kernel, this.#attributes(shape)));
  }

  override call(x: Tensor): Tensor {
    this.#check(x.shape);
    const kernel = this.kernel as Variable;
    return this.activation(new Tensor(conv2d(x.core, kernel.core, this.bias?.core, this.#attributes(x.shape))));
  }
}

export const Conv2D = withoutNew(Conv2DLayer);
export type Conv2D = Conv2DLayer;

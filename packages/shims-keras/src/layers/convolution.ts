import { ArgumentError, type Conv2dAttrs, cast, conv2d, conv2dShape } from "@facet/autograd";
import { type Args, any, bool, only, type Reader, show, signature } from "@facet/dialect";
import { type ActivationArgument, type ActivationFunction, resolve as resolveActivation } from "../activations.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, layoutOf } from "../config.js";
import { type Initializer, type InitializerArgument, resolve as resolveInitializer } from "../initializers.js";
import { asPair, dataFormatKind, type Pair, padding, pairOf, positive } from "../kinds.js";
import { type Shape, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { type CallValues, callSignature, keywordRules, type LayerKeywords, layerPart } from "./arguments.js";
import { Layer } from "./layer.js";
import { channelAxis, type Padding, pad2d, withBatch } from "./spatial.js";

export interface Conv2DArguments extends LayerKeywords {
  filters: number;
  kernel_size: number | Pair;
  strides: number | Pair;
  padding: Padding;
  data_format: DataFormat | null;
  dilation_rate: number | Pair;
  groups: number;
  activation: ActivationArgument | null;
  use_bias: boolean;
  kernel_initializer: InitializerArgument | null;
  bias_initializer: InitializerArgument | null;
}

const read = signature("keras.layers.Conv2D", {
  filters: positive,
  kernel_size: pairOf(),
  strides: pairOf().or([1, 1]),
  padding: padding.or("valid"),
  data_format: dataFormatKind.or(null),
  dilation_rate: pairOf().or([1, 1]),
  groups: positive.or(1),
  activation: any.or(null),
  use_bias: bool.or(true),
  kernel_initializer: any.or("glorot_uniform"),
  bias_initializer: any.or("zeros"),
  kernel_regularizer: only(null),
  bias_regularizer: only(null),
  activity_regularizer: only(null),
  kernel_constraint: only(null),
  bias_constraint: only(null),
  ...keywordRules,
  lora_rank: only(null),
  lora_alpha: only(null),
});
const readCall = callSignature("Conv2D");

/**
 * Two-dimensional convolution. Input [n, h, w, c] or, with data_format "channels_first", [n, c, h, w]; kernel
 * [kh, kw, c / groups, filters]. Defaults of Keras: strides 1, padding "valid", glorot_uniform kernel, bias of zeros.
 * padding "same" is TensorFlow's: an odd pixel goes to the bottom and the right.
 */
class Conv2DLayer extends Layer {
  static override readonly className = "Conv2D";
  readonly filters: number;
  readonly kernel_size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly data_format: DataFormat;
  readonly dilation_rate: Pair;
  readonly groups: number;
  readonly activation: ActivationFunction;
  readonly use_bias: boolean;
  readonly kernel_initializer: Initializer;
  readonly bias_initializer: Initializer;
  kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  constructor(
    ...args: Args<
      [
        filters: number,
        kernel_size: number | Pair,
        strides: number | Pair,
        padding: Padding,
        data_format: DataFormat | null,
        dilation_rate: number | Pair,
        groups: number,
        activation: ActivationArgument | null,
        use_bias: boolean,
      ],
      Conv2DArguments
    >
  ) {
    const op = "Conv2D";
    const given = read(args);
    super(layerPart(given));
    this.filters = given.filters;
    this.kernel_size = asPair(given.kernel_size);
    this.strides = asPair(given.strides as number | Pair);
    this.padding = given.padding;
    this.data_format = dataFormat(given.data_format);
    this.dilation_rate = asPair(given.dilation_rate as number | Pair);
    this.groups = given.groups;
    this.activation = resolveActivation(given.activation, op);
    this.use_bias = given.use_bias;
    this.kernel_initializer = resolveInitializer(given.kernel_initializer, op, "kernel_initializer");
    this.bias_initializer = resolveInitializer(given.bias_initializer, op, "bias_initializer");
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilation_rate) > 1) {
      const expected = "1 where strides are above 1, as Keras has it";
      throw new ArgumentError({ op, argument: "dilation_rate", expected, given: show(this.dilation_rate) });
    }
    if (this.filters % this.groups !== 0) {
      const expected = `a multiple of groups ${this.groups}`;
      throw new ArgumentError({ op, argument: "filters", expected, given: `${this.filters}` });
    }
  }

  protected override get callReader(): Reader<CallValues> {
    return readCall;
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
      initializer: this.kernel_initializer,
      name: "kernel",
    });
    if (this.use_bias)
      this.bias = this.add_weight({ shape: [this.filters], initializer: this.bias_initializer, name: "bias" });
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
    const kernel = this.kernel as VariableBase;
    return this.activation(
      new Tensor(conv2d(cast(x.core, "float32"), kernel.core, this.bias?.core, this.#attributes(x.shape))),
    );
  }
}

export const Conv2D = withoutNew(Conv2DLayer);
export type Conv2D = Conv2DLayer;

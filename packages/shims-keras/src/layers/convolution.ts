import { ArgumentError, type Conv2dAttrs, cast, conv2d, conv2dShape } from "@facet/autograd";
import { type Args, only, show, signature } from "@facet/dialect";
import type { ActivationArgument } from "../activations.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, layoutOf } from "../config.js";
import { asPair, dataFormatKind, type Pair, padding, pairOf, positive } from "../kinds.js";
import { type Shape, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { callSignature, keywordRules } from "./arguments.js";
import { type KernelArguments, KernelLayer, kernelRules } from "./kernel.js";
import { channelAxis, type Padding, pad2d, withBatch } from "./spatial.js";

export interface Conv2DArguments extends KernelArguments {
  filters: number;
  kernel_size: number | Pair;
  strides: number | Pair;
  padding: Padding;
  data_format: DataFormat | null;
  dilation_rate: number | Pair;
  groups: number;
}

const read = signature("keras.layers.Conv2D", {
  filters: positive,
  kernel_size: pairOf(),
  strides: pairOf().or([1, 1]),
  padding: padding.or("valid"),
  data_format: dataFormatKind.or(null),
  dilation_rate: pairOf().or([1, 1]),
  groups: positive.or(1),
  ...kernelRules,
  ...keywordRules,
  lora_rank: only(null),
  lora_alpha: only(null),
});

/**
 * Two-dimensional convolution. Input [n, h, w, c] or, with data_format "channels_first", [n, c, h, w]; kernel
 * [kh, kw, c / groups, filters]. Defaults of Keras: strides 1, padding "valid", glorot_uniform kernel, bias of zeros.
 * padding "same" is TensorFlow's: an odd pixel goes to the bottom and the right.
 */
class Conv2DLayer extends KernelLayer {
  static override readonly className = "Conv2D";
  static override readonly callReader = callSignature("Conv2D");
  readonly filters: number;
  readonly kernel_size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly data_format: DataFormat;
  readonly dilation_rate: Pair;
  readonly groups: number;

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
    super(op, given);
    this.filters = given.filters;
    this.kernel_size = asPair(given.kernel_size);
    this.strides = asPair(given.strides as number | Pair);
    this.padding = given.padding;
    this.data_format = dataFormat(given.data_format);
    this.dilation_rate = asPair(given.dilation_rate as number | Pair);
    this.groups = given.groups;
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilation_rate) > 1) {
      const expected = "1 where strides are above 1, as Keras has it";
      throw new ArgumentError({ op, argument: "dilation_rate", expected, given: show(this.dilation_rate) });
    }
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
    this.addKernel([...this.kernel_size, channels / this.groups, this.filters]);
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

import { avgPool2d, maxPool2d, mean, type Pool2dAttrs, pool2dShape } from "@facet/autograd";
import { type Keywords, oneOf, pair, parseArguments, required } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, layoutOf } from "../config.js";
import { type Shape, Tensor } from "../tensor.js";
import { Layer, type LayerKeywords, layerParameters, layerUnsupported } from "./layer.js";
import { PADDINGS, type Padding, type Pair, pad2d, withBatch } from "./spatial.js";

export interface Pool2DArguments extends LayerKeywords {
  pool_size: number | Pair;
  strides: number | Pair;
  padding: Padding;
  data_format: DataFormat;
}

type Pool2DPositional = [
  pool_size?: number | Pair | Keywords<Pool2DArguments>,
  strides?: number | Pair | Keywords<Pool2DArguments> | null,
  padding?: Padding | Keywords<Pool2DArguments>,
  rest?: Keywords<Pool2DArguments>,
];

abstract class Pool2DLayer extends Layer {
  readonly pool_size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly data_format: DataFormat;

  constructor(op: string, args: Pool2DPositional, poolSize: Pair | typeof required) {
    const given = parseArguments<{ [K in keyof Pool2DArguments]: Pool2DArguments[K] | null }>(op, args, {
      parameters: { pool_size: poolSize, strides: null, padding: "valid", data_format: null, ...layerParameters },
      unsupported: layerUnsupported,
    });
    super(given);
    this.pool_size = pair(op, "pool_size", given.pool_size);
    this.strides = given.strides === null ? this.pool_size : pair(op, "strides", given.strides);
    this.padding = oneOf(op, "padding", given.padding, PADDINGS);
    this.data_format = dataFormat(op, given.data_format);
  }

  protected attributes(shape: Shape): Pool2dAttrs {
    this.expectRank(shape, 4);
    const [h, w] = this.data_format === "channels_last" ? [shape[1], shape[2]] : [shape[2], shape[3]];
    return {
      window: this.pool_size,
      stride: this.strides,
      padding: pad2d(this.padding, [h as number, w as number], this.pool_size, this.strides),
      layout: layoutOf(this.data_format),
    };
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 4);
    return withBatch(inputShape, (shape) => pool2dShape(shape, this.attributes(shape), this.className));
  }
}

/** Largest element of each window; pool_size defaults to [2, 2], strides to pool_size. Padding "same" counts as -infinity. */
class MaxPooling2DLayer extends Pool2DLayer {
  static readonly className = "MaxPooling2D";

  constructor(...args: Pool2DPositional) {
    super("MaxPooling2D", args, [2, 2]);
  }

  override call(x: Tensor): Tensor {
    return new Tensor(maxPool2d(x.core, this.attributes(x.shape)));
  }
}

/** Mean of each window, of what lies inside the image with padding "same"; strides default to pool_size. */
class AveragePooling2DLayer extends Pool2DLayer {
  static readonly className = "AveragePooling2D";

  constructor(...args: Pool2DPositional) {
    super("AveragePooling2D", args, required);
  }

  override call(x: Tensor): Tensor {
    return new Tensor(avgPool2d(x.core, this.attributes(x.shape)));
  }
}

interface GlobalArguments extends LayerKeywords {
  data_format: DataFormat;
  keepdims: boolean;
}

/** Mean over rows and columns: [n, c], or with keepdims rank 4. */
class GlobalAveragePooling2DLayer extends Layer {
  static readonly className = "GlobalAveragePooling2D";
  readonly data_format: DataFormat;
  readonly keepdims: boolean;

  constructor(...args: [options?: Keywords<GlobalArguments>]) {
    const op = "GlobalAveragePooling2D";
    const given = parseArguments<{ [K in keyof GlobalArguments]: GlobalArguments[K] | null }>(op, args, {
      parameters: { data_format: null, keepdims: false, ...layerParameters },
      unsupported: layerUnsupported,
    });
    super(given);
    this.data_format = dataFormat(op, given.data_format);
    this.keepdims = given.keepdims as boolean;
  }

  get #axes(): [number, number] {
    return this.data_format === "channels_last" ? [1, 2] : [2, 3];
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 4);
    const axes = this.#axes;
    if (this.keepdims) return inputShape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    return inputShape.filter((_, axis) => !axes.includes(axis));
  }

  override call(x: Tensor): Tensor {
    this.expectRank(x.shape, 4);
    return new Tensor(mean(x.core, { axes: this.#axes, keepdims: this.keepdims }));
  }
}

export const MaxPooling2D = withoutNew(MaxPooling2DLayer);
export type MaxPooling2D = MaxPooling2DLayer;
export const AveragePooling2D = withoutNew(AveragePooling2DLayer);
export type AveragePooling2D = AveragePooling2DLayer;
export const GlobalAveragePooling2D = withoutNew(GlobalAveragePooling2DLayer);
export type GlobalAveragePooling2D = GlobalAveragePooling2DLayer;

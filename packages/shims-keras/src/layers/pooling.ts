import { avgPool2d, maxPool2d, mean, type Pool2dAttrs, pool2dShape } from "@facet/autograd";
import { type Args, bool, type Kind, type Parameter, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat, layoutOf } from "../config.js";
import { asPair, dataFormatKind, nameKind, type Pair, padding, pairOf } from "../kinds.js";
import { type Shape, Tensor } from "../tensor.js";
import { callSignature, type LayerKeywords, layerPart, layerRules } from "./arguments.js";
import { Layer } from "./layer.js";
import { type Padding, pad2d, withBatch } from "./spatial.js";

export interface Pool2DArguments extends LayerKeywords {
  pool_size: number | Pair;
  strides: number | Pair | null;
  padding: Padding;
  data_format: DataFormat | null;
}

type Pool2DPositions = [
  pool_size: number | Pair,
  strides: number | Pair | null,
  padding: Padding,
  data_format: DataFormat | null,
  name: string | null,
];

const rulesOf = (poolSize: Kind<number | Pair> | Parameter<unknown>) => {
  const { name: _, ...others } = layerRules;
  return {
    pool_size: poolSize,
    strides: pairOf().or(null),
    padding: padding.or("valid"),
    data_format: dataFormatKind.or(null),
    name: nameKind.or(null),
    ...others,
  };
};

abstract class Pool2DLayer extends Layer {
  readonly pool_size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly data_format: DataFormat;

  constructor(given: Pool2DArguments) {
    super(layerPart(given));
    this.pool_size = asPair(given.pool_size);
    this.strides = given.strides === null ? this.pool_size : asPair(given.strides);
    this.padding = given.padding;
    this.data_format = dataFormat(given.data_format);
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

const readMax = signature("keras.layers.MaxPooling2D", rulesOf(pairOf().or([2, 2])));

/** Largest element of each window; pool_size defaults to [2, 2], strides to pool_size. Padding "same" counts as -infinity. */
class MaxPooling2DLayer extends Pool2DLayer {
  static override readonly className = "MaxPooling2D";
  static override readonly callReader = callSignature("MaxPooling2D");

  constructor(...args: Args<Pool2DPositions, Pool2DArguments>) {
    super(readMax(args) as unknown as Pool2DArguments);
  }

  override call(x: Tensor): Tensor {
    return new Tensor(maxPool2d(x.core, this.attributes(x.shape)));
  }
}

const readAverage = signature("keras.layers.AveragePooling2D", rulesOf(pairOf()));

/** Mean of each window, of what lies inside the image with padding "same"; strides default to pool_size. */
class AveragePooling2DLayer extends Pool2DLayer {
  static override readonly className = "AveragePooling2D";
  static override readonly callReader = callSignature("AveragePooling2D");

  constructor(...args: Args<Pool2DPositions, Pool2DArguments>) {
    super(readAverage(args) as unknown as Pool2DArguments);
  }

  override call(x: Tensor): Tensor {
    return new Tensor(avgPool2d(x.core, this.attributes(x.shape)));
  }
}

interface GlobalArguments extends LayerKeywords {
  data_format: DataFormat | null;
  keepdims: boolean;
}
const readGlobal = signature("keras.layers.GlobalAveragePooling2D", {
  data_format: dataFormatKind.or(null),
  keepdims: bool.or(false),
  ...layerRules,
});

/** Mean over rows and columns: [n, c], or with keepdims rank 4. */
class GlobalAveragePooling2DLayer extends Layer {
  static override readonly className = "GlobalAveragePooling2D";
  static override readonly callReader = callSignature("GlobalAveragePooling2D");
  readonly data_format: DataFormat;
  readonly keepdims: boolean;

  constructor(...args: Args<[data_format: DataFormat | null, keepdims: boolean], GlobalArguments>) {
    const given = readGlobal(args);
    super(layerPart(given));
    this.data_format = dataFormat(given.data_format);
    this.keepdims = given.keepdims;
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

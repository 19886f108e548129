// Layers that prepare images: scaling of values and zeros around them.
import { cast, pad } from "@facet/autograd";
import { type Args, Kind, number, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat } from "../config.js";
import { asPair, dataFormatKind, type Pair, pairOf } from "../kinds.js";
import { type Shape, Tensor, type TensorDtype } from "../tensor.js";
import { callSignature, type LayerKeywords, layerPart, layerRules } from "./arguments.js";
import { Layer, SameShapeLayer } from "./layer.js";

interface RescalingArguments extends LayerKeywords {
  scale: number;
  offset: number;
}
const readRescaling = signature("keras.layers.Rescaling", { scale: number, offset: number.or(0), ...layerRules });

/** x scale + offset, as float32. */
class RescalingLayer extends SameShapeLayer {
  static override readonly className = "Rescaling";
  static override readonly callReader = callSignature("Rescaling");
  readonly scale: number;
  readonly offset: number;

  constructor(...args: Args<[scale: number, offset: number], RescalingArguments>) {
    const given = readRescaling(args);
    super(layerPart(given));
    this.scale = given.scale;
    this.offset = given.offset;
  }

  override call(x: Tensor): Tensor {
    const scaled = new Tensor(cast(x.core, "float32")).mul(this.scale);
    return this.offset === 0 ? scaled : scaled.add(this.offset);
  }
}

type PaddingArgument = number | Pair | readonly [Pair, Pair];
interface ZeroPaddingArguments extends LayerKeywords {
  padding: PaddingArgument;
  data_format: DataFormat | null;
}

const zeroOrMore = pairOf(0);
const sides = new Kind<readonly [Pair, Pair]>(
  "two pairs of them",
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((each) => Array.isArray(each) && zeroOrMore.accepts(each)),
);
const readPadding = signature("keras.layers.ZeroPadding2D", {
  padding: zeroOrMore.either(sides).or([1, 1]),
  data_format: dataFormatKind.or(null),
  ...layerRules,
});

/** Zeros around images: one number, [rows, columns], or [[top, bottom], [left, right]]. Default 1. */
class ZeroPadding2DLayer extends Layer {
  static override readonly className = "ZeroPadding2D";
  static override readonly callReader = callSignature("ZeroPadding2D");
  readonly padding: readonly [Pair, Pair];
  readonly data_format: DataFormat;

  constructor(...args: Args<[padding: PaddingArgument, data_format: DataFormat | null], ZeroPaddingArguments>) {
    const given = readPadding(args);
    super(layerPart(given));
    const padding = given.padding as PaddingArgument;
    const [rows, columns] = sides.accepts(padding) ? (padding as readonly [Pair, Pair]) : asPair(padding as Pair);
    this.padding = [asPair(rows), asPair(columns)];
    this.data_format = dataFormat(given.data_format);
  }

  protected override outputDtype(input: TensorDtype): TensorDtype {
    return input;
  }

  get #perAxis(): Pair[] {
    const [rows, columns] = this.padding;
    return this.data_format === "channels_last" ? [[0, 0], rows, columns, [0, 0]] : [[0, 0], [0, 0], rows, columns];
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 4);
    const perAxis = this.#perAxis;
    return inputShape.map((extent, i) => (extent === null ? null : extent + perAxis[i]![0] + perAxis[i]![1]));
  }

  override call(x: Tensor): Tensor {
    this.expectRank(x.shape, 4);
    return new Tensor(pad(x.core, this.#perAxis));
  }
}

export const Rescaling = withoutNew(RescalingLayer);
export type Rescaling = RescalingLayer;
export const ZeroPadding2D = withoutNew(ZeroPadding2DLayer);
export type ZeroPadding2D = ZeroPadding2DLayer;

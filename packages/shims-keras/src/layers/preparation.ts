// Layers that prepare images: scaling of values and zeros around them.
import { pad } from "@facet/autograd";
import { type Keywords, pair, parseArguments, required } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat } from "../config.js";
import { type Shape, Tensor } from "../tensor.js";
import { Layer, type LayerKeywords, layerParameters, layerUnsupported, SameShapeLayer } from "./layer.js";
import type { Pair } from "./spatial.js";

const common = layerParameters as unknown as LayerKeywords;

interface RescalingArguments extends LayerKeywords {
  scale: number;
  offset: number;
}

/** x scale + offset. */
class RescalingLayer extends SameShapeLayer {
  static readonly className = "Rescaling";
  readonly scale: number;
  readonly offset: number;

  constructor(
    ...args: [
      scale: number | Keywords<RescalingArguments>,
      offset?: number | Keywords<RescalingArguments>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const given = parseArguments<RescalingArguments>("Rescaling", args, {
      parameters: { scale: required, offset: 0, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.scale = given.scale;
    this.offset = given.offset;
  }

  override call(x: Tensor): Tensor {
    const scaled = x.mul(this.scale);
    return this.offset === 0 ? scaled : scaled.add(this.offset);
  }
}

type PaddingArgument = number | Pair | readonly [Pair, Pair];
interface ZeroPaddingArguments extends LayerKeywords {
  padding: PaddingArgument;
  data_format: DataFormat;
}

/** Zeros around images: one number, [rows, columns], or [[top, bottom], [left, right]]. Default 1. */
class ZeroPadding2DLayer extends Layer {
  static readonly className = "ZeroPadding2D";
  readonly padding: readonly [Pair, Pair];
  readonly data_format: DataFormat;

  constructor(
    ...args: [
      padding?: PaddingArgument | Keywords<ZeroPaddingArguments>,
      data_format?: DataFormat | Keywords<ZeroPaddingArguments>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const op = "ZeroPadding2D";
    const given = parseArguments<LayerKeywords & { padding: PaddingArgument; data_format: DataFormat | null }>(
      op,
      args,
      {
        parameters: { padding: [1, 1], data_format: null, ...common },
        unsupported: layerUnsupported,
      },
    );
    super(given);
    const { padding } = given;
    if (Array.isArray(padding) && padding.length === 2 && Array.isArray(padding[0])) {
      this.padding = [pair(op, "padding", padding[0], 0), pair(op, "padding", padding[1], 0)];
    } else {
      const [rows, columns] = pair(op, "padding", padding, 0);
      this.padding = [
        [rows, rows],
        [columns, columns],
      ];
    }
    this.data_format = dataFormat(op, given.data_format);
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

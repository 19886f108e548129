// MobileNet (Howard et al. 2017) and MobileNetV2 (Sandler et al. 2018): convolutions of each channel apart, then 1x1.
import { type Args, define, int, number } from "@facet/dialect";
import { Activation, ReLU } from "../layers/activation.js";
import { Conv2D } from "../layers/convolution.js";
import { Dense } from "../layers/dense.js";
import { DepthwiseConv2D } from "../layers/depthwise.js";
import { Add } from "../layers/merge.js";
import { BatchNormalization } from "../layers/normalization.js";
import { GlobalAveragePooling2D } from "../layers/pooling.js";
import { Dropout } from "../layers/regularization.js";
import { Reshape, ZeroPadding2D } from "../layers/reshaping.js";
import type { Model } from "../models/model.js";
import type { KerasTensor, Shape } from "../tensor.js";
import { type ApplicationArguments, build, channelAxis, parametersAfter } from "./build.js";

interface Width {
  /** What all channels are multiplied by. */
  alpha: number;
}
interface MobileNetArguments extends ApplicationArguments, Width {
  depth_multiplier: number;
  dropout: number;
}

const positiveNumber = number.where("a positive number", (value) => value > 0);
/** The extent in a name, None where it is not known. */
const extent = (shape: Shape): string => `${shape[channelAxis() === 3 ? 0 : 1] ?? "None"}`;

interface Normalization {
  epsilon?: number;
  momentum?: number;
}
/** Normalization, and relu6 after it where it has a name. */
function normalized(x: KerasTensor, name: string, relu?: string, options: Normalization = {}): KerasTensor {
  x = BatchNormalization({ axis: channelAxis(), ...options, name })(x);
  return relu === undefined ? x : ReLU(6, { name: relu })(x);
}

/** Filters of the blocks of MobileNet; those that begin a new number of filters halve the images, but for the first. */
const FILTERS = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];

export const MobileNet: (
  ...args: Args<
    [input_shape: ApplicationArguments["input_shape"], alpha: number, depth_multiplier: number, dropout: number],
    Partial<MobileNetArguments>
  >
) => Model = /* @__PURE__ */ (() =>
  define(
    "keras.applications.MobileNet",
    parametersAfter({ alpha: positiveNumber.or(1), depth_multiplier: int.or(1), dropout: number.or(1e-3) }),
    (raw) => {
      const given = raw as unknown as MobileNetArguments;
      const { alpha, depth_multiplier, dropout, classes } = given;
      const features = (x: KerasTensor): KerasTensor => {
        x = Conv2D(Math.trunc(32 * alpha), [3, 3], {
          padding: "same",
          use_bias: false,
          strides: [2, 2],
          name: "conv1",
        })(x);
        x = normalized(x, "conv1_bn", "conv1_relu");
        for (const [i, filters] of FILTERS.entries()) {
          const id = i + 1;
          const halved = i > 0 && filters !== FILTERS[i - 1];
          if (halved)
            x = ZeroPadding2D(
              [
                [0, 1],
                [0, 1],
              ],
              { name: `conv_pad_${id}` },
            )(x);
          const options = { depth_multiplier, use_bias: false, name: `conv_dw_${id}` } as const;
          x = DepthwiseConv2D([3, 3], { ...options, ...(halved ? { strides: [2, 2] } : { padding: "same" }) })(x);
          x = normalized(x, `conv_dw_${id}_bn`, `conv_dw_${id}_relu`);
          x = Conv2D(Math.trunc(filters * alpha), [1, 1], { padding: "same", use_bias: false, name: `conv_pw_${id}` })(
            x,
          );
          x = normalized(x, `conv_pw_${id}_bn`, `conv_pw_${id}_relu`);
        }
        return x;
      };
      const head = (x: KerasTensor): KerasTensor => {
        x = Dropout(dropout, { name: "dropout" })(GlobalAveragePooling2D({ keepdims: true })(x));
        x = Conv2D(classes, [1, 1], { padding: "same", name: "conv_preds" })(x);
        x = Reshape([classes], { name: "reshape_2" })(x);
        return Activation(given.classifier_activation as "softmax", { name: "predictions" })(x);
      };
      const name = (shape: Shape): string => given.name ?? `mobilenet_${alpha.toFixed(2)}_${extent(shape)}`;
      return build("MobileNet", given, { features, head, name });
    },
  ) as never)();

/** The nearest multiple of 8 that is not less than nine tenths. */
function divisible(channels: number): number {
  const near = Math.max(8, Math.floor(Math.trunc(channels + 4) / 8) * 8);
  return near < 0.9 * channels ? near + 8 : near;
}

/** Filters, stride and expansion of the blocks of MobileNetV2, and how many there are of each. */
const BLOCKS = [
  [16, 1, 1, 1],
  [24, 2, 6, 2],
  [32, 2, 6, 3],
  [64, 2, 6, 4],
  [96, 1, 6, 3],
  [160, 2, 6, 3],
  [320, 1, 6, 1],
] as const;
const NORMAL = { epsilon: 1e-3, momentum: 0.999 };

/** Padding by which a 3x3 convolution of stride 2 sees even extents as odd ones. */
function evenPadding(x: KerasTensor): [[number, number], [number, number]] {
  const at = channelAxis() === 3 ? 1 : 2;
  const before = (size: number | null | undefined): number => (size == null ? 0 : size % 2);
  return [
    [before(x.shape[at]), 1],
    [before(x.shape[at + 1]), 1],
  ];
}

function inverted(x: KerasTensor, id: number, filters: number, strides: number, expansion: number): KerasTensor {
  const input = x;
  const channels = x.shape[channelAxis()] as number;
  const prefix = id === 0 ? "expanded_conv_" : `block_${id}_`;
  const pointwise = { padding: "same", use_bias: false } as const;
  if (id > 0) {
    x = Conv2D(expansion * channels, 1, { ...pointwise, name: `${prefix}expand` })(x);
    x = normalized(x, `${prefix}expand_BN`, `${prefix}expand_relu`, NORMAL);
  }
  if (strides === 2) x = ZeroPadding2D(evenPadding(x), { name: `${prefix}pad` })(x);
  const padding = strides === 1 ? "same" : "valid";
  x = DepthwiseConv2D(3, { strides, use_bias: false, padding, name: `${prefix}depthwise` })(x);
  x = normalized(x, `${prefix}depthwise_BN`, `${prefix}depthwise_relu`, NORMAL);
  x = Conv2D(filters, 1, { ...pointwise, name: `${prefix}project` })(x);
  x = normalized(x, `${prefix}project_BN`, undefined, NORMAL);
  return channels === filters && strides === 1 ? Add({ name: `${prefix}add` })([input, x]) : x;
}

export const MobileNetV2: (
  ...args: Args<
    [input_shape: ApplicationArguments["input_shape"], alpha: number, include_top: boolean, weights: null],
    Partial<ApplicationArguments & Width>
  >
) => Model = /* @__PURE__ */ (() =>
  define("keras.applications.MobileNetV2", parametersAfter({ alpha: positiveNumber.or(1) }), (raw) => {
    const given = raw as unknown as ApplicationArguments & Width;
    const { alpha, classes, classifier_activation } = given;
    const features = (x: KerasTensor): KerasTensor => {
      x = Conv2D(divisible(32 * alpha), 3, { strides: [2, 2], padding: "same", use_bias: false, name: "Conv1" })(x);
      x = normalized(x, "bn_Conv1", "Conv1_relu", NORMAL);
      let id = 0;
      for (const [filters, strides, expansion, count] of BLOCKS)
        for (let i = 0; i < count; i++)
          x = inverted(x, id++, divisible(Math.trunc(filters * alpha)), i === 0 ? strides : 1, expansion);
      x = Conv2D(alpha > 1 ? divisible(1280 * alpha) : 1280, 1, { use_bias: false, name: "Conv_1" })(x);
      return normalized(x, "Conv_1_bn", "out_relu", NORMAL);
    };
    const head = (x: KerasTensor): KerasTensor =>
      Dense(classes, { activation: classifier_activation as null, name: "predictions" })(GlobalAveragePooling2D()(x));
    const name = (shape: Shape): string => given.name ?? `mobilenetv2_${alpha.toFixed(2)}_${extent(shape)}`;
    return build("MobileNetV2", given, { features, head, name });
  }) as never)();

// ResNet (He et al. 2015) and ResNetV2 (2016): blocks of bottlenecks, after the addition or before it normalized.
import { define } from "@facet/dialect";
import { Activation } from "../layers/activation.js";
import { Conv2D } from "../layers/convolution.js";
import { Dense } from "../layers/dense.js";
import { Add } from "../layers/merge.js";
import { BatchNormalization } from "../layers/normalization.js";
import { GlobalAveragePooling2D, MaxPooling2D } from "../layers/pooling.js";
import { ZeroPadding2D } from "../layers/reshaping.js";
import type { KerasTensor } from "../tensor.js";
import { type ApplicationArguments, build, channelAxis, parametersOf } from "./build.js";
import type { Application } from "./vgg.js";

/** As the original's weights were trained. */
const EPSILON = 1.001e-5;

/** Normalization, and relu after it where it has a name. */
export function normalized(x: KerasTensor, name: string, relu?: string): KerasTensor {
  x = BatchNormalization({ axis: channelAxis(), epsilon: EPSILON, name })(x);
  return relu === undefined ? x : Activation("relu", { name: relu })(x);
}

function blockV1(x: KerasTensor, filters: number, strides: number, widened: boolean, name: string): KerasTensor {
  const shortcut = widened
    ? normalized(Conv2D(4 * filters, 1, { strides, name: `${name}_0_conv` })(x), `${name}_0_bn`)
    : x;
  x = normalized(Conv2D(filters, 1, { strides, name: `${name}_1_conv` })(x), `${name}_1_bn`, `${name}_1_relu`);
  x = Conv2D(filters, 3, { padding: "same", name: `${name}_2_conv` })(x);
  x = normalized(x, `${name}_2_bn`, `${name}_2_relu`);
  x = normalized(Conv2D(4 * filters, 1, { name: `${name}_3_conv` })(x), `${name}_3_bn`);
  return Activation("relu", { name: `${name}_out` })(Add({ name: `${name}_add` })([shortcut, x]));
}

function blockV2(x: KerasTensor, filters: number, strides: number, widened: boolean, name: string): KerasTensor {
  const before = normalized(x, `${name}_preact_bn`, `${name}_preact_relu`);
  let shortcut = x;
  if (widened) shortcut = Conv2D(4 * filters, 1, { strides, name: `${name}_0_conv` })(before);
  else if (strides > 1) shortcut = MaxPooling2D(1, { strides })(x);
  x = Conv2D(filters, 1, { strides: 1, use_bias: false, name: `${name}_1_conv` })(before);
  x = normalized(x, `${name}_1_bn`, `${name}_1_relu`);
  x = ZeroPadding2D([1, 1], { name: `${name}_2_pad` })(x);
  x = Conv2D(filters, 3, { strides, use_bias: false, name: `${name}_2_conv` })(x);
  x = normalized(x, `${name}_2_bn`, `${name}_2_relu`);
  x = Conv2D(4 * filters, 1, { name: `${name}_3_conv` })(x);
  return Add({ name: `${name}_out` })([shortcut, x]);
}

/** Stacks of `blocks`: the first version halves the images at the start of a stack, the second at its end. */
function stacks(x: KerasTensor, blocks: readonly number[], second: boolean): KerasTensor {
  for (const [stack, count] of blocks.entries()) {
    for (let i = 1; i <= count; i++) {
      const halved = second ? i === count && stack < 3 : i === 1 && stack > 0;
      const block = second ? blockV2 : blockV1;
      x = block(x, 64 * 2 ** stack, halved ? 2 : 1, i === 1, `conv${stack + 2}_block${i}`);
    }
  }
  return x;
}

const resnet = (className: string, blocks: readonly number[]): Application => {
  const name = className.toLowerCase();
  const second = name.endsWith("v2");
  return define(`keras.applications.${className}`, parametersOf(name), (given) => {
    const { classes, classifier_activation } = given as unknown as ApplicationArguments;
    return build(className, given as unknown as ApplicationArguments, {
      named: true,
      features: (x) => {
        x = ZeroPadding2D([3, 3], { name: "conv1_pad" })(x);
        x = Conv2D(64, 7, { strides: 2, name: "conv1_conv" })(x);
        if (!second) x = normalized(x, "conv1_bn", "conv1_relu");
        x = ZeroPadding2D([1, 1], { name: "pool1_pad" })(x);
        x = stacks(MaxPooling2D(3, { strides: 2, name: "pool1_pool" })(x), blocks, second);
        return second ? normalized(x, "post_bn", "post_relu") : x;
      },
      head: (x) =>
        Dense(classes, { activation: classifier_activation as null, name: "predictions" })(
          GlobalAveragePooling2D({ name: "avg_pool" })(x),
        ),
      name: () => given.name ?? name,
    });
  }) as unknown as Application;
};

export const ResNet50: Application = /* @__PURE__ */ resnet("ResNet50", [3, 4, 6, 3]);
export const ResNet101: Application = /* @__PURE__ */ resnet("ResNet101", [3, 4, 23, 3]);
export const ResNet152: Application = /* @__PURE__ */ resnet("ResNet152", [3, 8, 36, 3]);
export const ResNet50V2: Application = /* @__PURE__ */ resnet("ResNet50V2", [3, 4, 6, 3]);
export const ResNet101V2: Application = /* @__PURE__ */ resnet("ResNet101V2", [3, 4, 23, 3]);
export const ResNet152V2: Application = /* @__PURE__ */ resnet("ResNet152V2", [3, 8, 36, 3]);

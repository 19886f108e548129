// DenseNet (Huang et al. 2016): every convolution sees the results of all before it in its block.
import { define } from "@facet/dialect";
import { Conv2D } from "../layers/convolution.js";
import { Dense } from "../layers/dense.js";
import { Concatenate } from "../layers/merge.js";
import { AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D } from "../layers/pooling.js";
import { ZeroPadding2D } from "../layers/reshaping.js";
import type { KerasTensor } from "../tensor.js";
import { type ApplicationArguments, build, channelAxis, parametersOf } from "./build.js";
import { normalized } from "./resnet.js";
import type { Application } from "./vgg.js";

/** Channels that a convolution adds. */
const GROWTH = 32;

function block(x: KerasTensor, count: number, stack: string): KerasTensor {
  for (let i = 1; i <= count; i++) {
    const name = `${stack}_block${i}`;
    let added = normalized(x, `${name}_0_bn`, `${name}_0_relu`);
    added = Conv2D(4 * GROWTH, 1, { use_bias: false, name: `${name}_1_conv` })(added);
    added = normalized(added, `${name}_1_bn`, `${name}_1_relu`);
    added = Conv2D(GROWTH, 3, { padding: "same", use_bias: false, name: `${name}_2_conv` })(added);
    x = Concatenate({ axis: channelAxis(), name: `${name}_concat` })([x, added]);
  }
  return x;
}

/** Half the channels and half the extents. */
function transition(x: KerasTensor, name: string): KerasTensor {
  x = normalized(x, `${name}_bn`, `${name}_relu`);
  const channels = x.shape[channelAxis()] as number;
  x = Conv2D(Math.floor(channels / 2), 1, { use_bias: false, name: `${name}_conv` })(x);
  return AveragePooling2D(2, { strides: 2, name: `${name}_pool` })(x);
}

const densenet = (className: string, blocks: readonly number[]): Application => {
  const name = className.toLowerCase();
  return define(`keras.applications.${className}`, parametersOf(name), (given) => {
    const { classes, classifier_activation } = given as unknown as ApplicationArguments;
    return build(className, given as unknown as ApplicationArguments, {
      named: true,
      features: (x) => {
        x = Conv2D(64, 7, { strides: 2, use_bias: false, name: "conv1_conv" })(ZeroPadding2D([3, 3])(x));
        x = ZeroPadding2D([1, 1])(normalized(x, "conv1_bn", "conv1_relu"));
        x = MaxPooling2D(3, { strides: 2, name: "pool1" })(x);
        for (const [i, count] of blocks.entries()) {
          if (i > 0) x = transition(x, `pool${i + 1}`);
          x = block(x, count, `conv${i + 2}`);
        }
        return normalized(x, "bn", "relu");
      },
      head: (x) =>
        Dense(classes, { activation: classifier_activation as null, name: "predictions" })(
          GlobalAveragePooling2D({ name: "avg_pool" })(x),
        ),
      name: () => given.name ?? name,
    });
  }) as unknown as Application;
};

export const DenseNet121: Application = /* @__PURE__ */ densenet("DenseNet121", [6, 12, 24, 16]);
export const DenseNet169: Application = /* @__PURE__ */ densenet("DenseNet169", [6, 12, 32, 32]);
export const DenseNet201: Application = /* @__PURE__ */ densenet("DenseNet201", [6, 12, 48, 32]);

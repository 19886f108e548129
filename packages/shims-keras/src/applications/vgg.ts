// VGG16 and VGG19 (Simonyan and Zisserman 2014): stacks of 3x3 convolutions between poolings.
import { type Args, define } from "@facet/dialect";
import { Conv2D } from "../layers/convolution.js";
import { Dense } from "../layers/dense.js";
import { MaxPooling2D } from "../layers/pooling.js";
import { Flatten } from "../layers/reshaping.js";
import type { Model } from "../models/model.js";
import type { KerasTensor } from "../tensor.js";
import { type ApplicationArguments, build, parametersOf } from "./build.js";

/** What a model takes, in the original's order. */
export type Application = (
  ...args: Args<
    [
      include_top: boolean,
      weights: null,
      input_tensor: KerasTensor | null,
      input_shape: ApplicationArguments["input_shape"],
    ],
    Partial<ApplicationArguments>
  >
) => Model;

/** Filters of each block, and how many convolutions it has. */
const FILTERS = [64, 128, 256, 512, 512];

function features(x: KerasTensor, convolutions: readonly number[]): KerasTensor {
  for (const [i, filters] of FILTERS.entries()) {
    const name = `block${i + 1}`;
    for (let j = 1; j <= (convolutions[i] as number); j++)
      x = Conv2D(filters, [3, 3], { activation: "relu", padding: "same", name: `${name}_conv${j}` })(x);
    x = MaxPooling2D([2, 2], { strides: [2, 2], name: `${name}_pool` })(x);
  }
  return x;
}

const vgg = (className: string, name: string, convolutions: readonly number[]): Application =>
  define(`keras.applications.${className}`, parametersOf(name), (given) => {
    const { classes, classifier_activation } = given as unknown as ApplicationArguments;
    return build(className, given as unknown as ApplicationArguments, {
      features: (x) => features(x, convolutions),
      head: (x) => {
        x = Flatten({ name: "flatten" })(x);
        for (const dense of ["fc1", "fc2"]) x = Dense(4096, { activation: "relu", name: dense })(x);
        return Dense(classes, { activation: classifier_activation as null, name: "predictions" })(x);
      },
      name: () => given.name ?? name,
    });
  }) as unknown as Application;

export const VGG16: Application = /* @__PURE__ */ vgg("VGG16", "vgg16", [2, 2, 3, 3, 3]);
export const VGG19: Application = /* @__PURE__ */ vgg("VGG19", "vgg19", [2, 2, 4, 4, 4]);

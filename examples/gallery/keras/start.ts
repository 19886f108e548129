import * as keras from "@facet/shims-keras";
import { floats } from "../formula.js";

/** Gives a model the weights of the formula, by the order of its trainable ones. Vectors (biases, scales) stay as they are. */
export function start(model: keras.Layer): void {
  for (const [i, weight] of model.trainable_variables.entries()) {
    const { shape } = weight;
    if (shape.length < 2) continue;
    const fan = shape.slice(0, -1).reduce((size, extent) => size * extent, 1);
    weight.assign(keras.ops.reshape(keras.ops.convert_to_tensor(floats(shape, 1 / Math.sqrt(fan), i + 1)), shape));
  }
}

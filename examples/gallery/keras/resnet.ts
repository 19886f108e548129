// A small residual network from its parts: blocks of two convolutions with batch norm, strides and shortcuts, as Keras' guide builds one.
import * as keras from "@facet/shims-keras";
import { images } from "../formula.js";
import { start } from "./start.js";

const { layers } = keras;

function block(x: keras.KerasTensor, filters: number, stride: number): keras.KerasTensor {
  let shortcut = x;
  x = layers.Conv2D(filters, 3, { strides: stride, padding: "same", use_bias: false })(x);
  x = layers.BatchNormalization()(x);
  x = layers.Activation("relu")(x);
  x = layers.Conv2D(filters, 3, { padding: "same", use_bias: false })(x);
  x = layers.BatchNormalization()(x);
  if (stride > 1) {
    shortcut = layers.Conv2D(filters, 1, { strides: stride, use_bias: false })(shortcut);
    shortcut = layers.BatchNormalization()(shortcut);
  }
  x = layers.add([x, shortcut]);
  return layers.Activation("relu")(x);
}

export async function train(steps: number): Promise<number[]> {
  const inputs = keras.Input({ shape: [16, 16, 3], name: "img" });
  let x = layers.Conv2D(8, 3, { padding: "same", use_bias: false })(inputs);
  x = layers.BatchNormalization()(x);
  x = layers.Activation("relu")(x);
  x = block(x, 8, 1);
  x = block(x, 16, 2);
  x = layers.GlobalAveragePooling2D()(x);
  const outputs = layers.Dense(10)(x);
  const model = keras.Model(inputs, outputs, { name: "toy_resnet" });
  start(model);
  model.compile({
    optimizer: keras.optimizers.SGD({ learning_rate: 0.05, momentum: 0.9, nesterov: true }),
    loss: keras.losses.SparseCategoricalCrossentropy({ from_logits: true }),
    metrics: ["acc"],
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(8, [16, 16, 3], 10, 1000 + 2 * step);
    const { history } = await model.fit(keras.ndarray(x, [8, 16, 16, 3]), y, {
      batch_size: 8,
      epochs: 1,
      shuffle: false,
      verbose: 0,
    });
    losses.push(history.loss?.[0] as number);
  }
  return losses;
}

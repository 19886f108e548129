// Pictures freed from noise by a convolutional autoencoder, as Keras' example.
import * as keras from "@facet/shims-keras";
import { floats, images } from "../formula.js";
import { start } from "./start.js";

const { layers } = keras;

export async function train(steps: number): Promise<number[]> {
  const input = keras.Input({ shape: [28, 28, 1] });
  // Encoder
  let x = layers.Conv2D(8, [3, 3], { activation: "relu", padding: "same" })(input);
  x = layers.MaxPooling2D([2, 2], { padding: "same" })(x);
  x = layers.Conv2D(8, [3, 3], { activation: "relu", padding: "same" })(x);
  x = layers.MaxPooling2D([2, 2], { padding: "same" })(x);
  // Decoder
  x = layers.Conv2DTranspose(8, [3, 3], { strides: 2, activation: "relu", padding: "same" })(x);
  x = layers.Conv2DTranspose(8, [3, 3], { strides: 2, activation: "relu", padding: "same" })(x);
  x = layers.Conv2D(1, [3, 3], { activation: "sigmoid", padding: "same" })(x);
  const autoencoder = keras.Model(input, x);
  start(autoencoder);
  autoencoder.compile({ optimizer: keras.optimizers.Adam({ learning_rate: 0.03 }), loss: "binary_crossentropy" });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x } = images(8, [28, 28, 1], 10, 1000 + 4 * step);
    const noise = floats([8, 28, 28, 1], 0.4, 1002 + 4 * step);
    const clean = x.map((value) => Math.fround(value + 1.5) / 3);
    const noisy = clean.map((value, i) => Math.min(Math.max(value + (noise[i] as number), 0), 1));
    const shape = [8, 28, 28, 1];
    const { history } = await autoencoder.fit(keras.ndarray(noisy, shape), keras.ndarray(clean, shape), {
      batch_size: 8,
      epochs: 1,
      shuffle: false,
      verbose: 0,
    });
    losses.push(history.loss?.[0] as number);
  }
  return losses;
}

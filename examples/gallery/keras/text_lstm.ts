// Texts told apart by a bidirectional LSTM of two layers over embeddings, as Keras' example of reviews.
import * as keras from "@facet/shims-keras";
import { start } from "./start.js";

const { layers } = keras;
const [WORDS, LENGTH] = [97, 10];

export async function train(steps: number): Promise<number[]> {
  const inputs = keras.Input({ shape: [null], dtype: "int32" });
  let x = layers.Embedding(WORDS, 16)(inputs);
  x = layers.Bidirectional(layers.LSTM(8, { return_sequences: true }))(x);
  x = layers.Bidirectional(layers.LSTM(8))(x);
  const outputs = layers.Dense(1, { activation: "sigmoid" })(x);
  const model = keras.Model(inputs, outputs);
  start(model);
  model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    // Every word once: TensorFlow adds up squares of the gradients of a word's places, others square their sum.
    const rows = Int32Array.from({ length: 8 * LENGTH }, (_, i) => (i * 37 + 11 * step) % WORDS);
    const x_train = keras.ndarray(rows, [8, LENGTH]);
    const y_train = Float32Array.from({ length: 8 }, (_, i) => (rows[i * LENGTH] as number) % 2);
    const { history } = await model.fit(x_train, y_train, { batch_size: 8, epochs: 1, shuffle: false, verbose: 0 });
    losses.push(history.loss?.[0] as number);
  }
  return losses;
}

// Texts told apart by one transformer block written as a layer, with embeddings of tokens and of places, as Keras' example.
import * as keras from "@facet/shims-keras";
import { start } from "./start.js";

const { layers, ops } = keras;
const [WORDS, LENGTH, WIDTH, HEADS, FF] = [97, 10, 16, 2, 32];

class TransformerBlock extends layers.Layer {
  att: keras.Layer;
  ffn: keras.Layer;
  layernorm1 = layers.LayerNormalization({ epsilon: 1e-6 });
  layernorm2 = layers.LayerNormalization({ epsilon: 1e-6 });
  dropout1: keras.Layer;
  dropout2: keras.Layer;

  constructor(embed_dim: number, num_heads: number, ff_dim: number, rate: number) {
    super();
    this.att = layers.MultiHeadAttention({ num_heads, key_dim: embed_dim });
    this.ffn = keras.Sequential([layers.Dense(ff_dim, { activation: "relu" }), layers.Dense(embed_dim)]);
    this.dropout1 = layers.Dropout(rate);
    this.dropout2 = layers.Dropout(rate);
  }

  override call(inputs: keras.Tensor, { training = false }: { training?: boolean } = {}): keras.Tensor {
    let attn_output = this.att(inputs, inputs);
    attn_output = this.dropout1(attn_output, { training });
    const out1 = this.layernorm1(ops.add(inputs, attn_output));
    let ffn_output = this.ffn(out1);
    ffn_output = this.dropout2(ffn_output, { training });
    return this.layernorm2(ops.add(out1, ffn_output));
  }
}

class TokenAndPositionEmbedding extends layers.Layer {
  token_emb: keras.Layer;
  pos_emb: keras.Layer;

  constructor(maxlen: number, vocab_size: number, embed_dim: number) {
    super();
    this.token_emb = layers.Embedding({ input_dim: vocab_size, output_dim: embed_dim });
    this.pos_emb = layers.Embedding({ input_dim: maxlen, output_dim: embed_dim });
  }

  override call(x: keras.Tensor): keras.Tensor {
    const maxlen = ops.shape(x).at(-1) as number;
    const positions = this.pos_emb(ops.arange({ start: 0, stop: maxlen, step: 1 }));
    return ops.add(this.token_emb(x), positions);
  }
}

export async function train(steps: number, dropout = 0.1): Promise<number[]> {
  const inputs = keras.Input({ shape: [LENGTH] });
  let x = new TokenAndPositionEmbedding(LENGTH, WORDS, WIDTH)(inputs);
  x = new TransformerBlock(WIDTH, HEADS, FF, dropout)(x);
  x = layers.GlobalAveragePooling1D()(x);
  x = layers.Dropout(dropout)(x);
  x = layers.Dense(20, { activation: "relu" })(x);
  x = layers.Dropout(dropout)(x);
  const outputs = layers.Dense(2, { activation: "softmax" })(x);
  const model = keras.Model({ inputs, outputs });
  start(model);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    // Every word once: TensorFlow adds up squares of the gradients of a word's places, others square their sum.
    const rows = Int32Array.from({ length: 8 * LENGTH }, (_, i) => (i * 37 + 11 * step) % WORDS);
    const y_train = Int32Array.from({ length: 8 }, (_, i) => (rows[i * LENGTH] as number) % 2);
    const x_train = keras.ndarray(rows, [8, LENGTH]);
    const { history } = await model.fit(x_train, y_train, { batch_size: 8, epochs: 1, shuffle: false, verbose: 0 });
    losses.push(history.loss?.[0] as number);
  }
  return losses;
}

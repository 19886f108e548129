"""Texts told apart by one transformer block written as a layer, with embeddings of tokens and of places, as Keras' example."""

import keras
import numpy as np
from keras import layers, ops
from start import start

WORDS, LENGTH, WIDTH, HEADS, FF = 97, 10, 16, 2, 32


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs, training=False):
        attn_output = self.att(inputs, inputs)
        attn_output = self.dropout1(attn_output, training=training)
        out1 = self.layernorm1(inputs + attn_output)
        ffn_output = self.ffn(out1)
        ffn_output = self.dropout2(ffn_output, training=training)
        return self.layernorm2(out1 + ffn_output)


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = ops.shape(x)[-1]
        positions = self.pos_emb(ops.arange(start=0, stop=maxlen, step=1))
        return self.token_emb(x) + positions


def train(steps, dropout=0.1):
    inputs = layers.Input(shape=(LENGTH,))
    x = TokenAndPositionEmbedding(LENGTH, WORDS, WIDTH)(inputs)
    x = TransformerBlock(WIDTH, HEADS, FF, dropout)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(20, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(2, activation="softmax")(x)
    model = keras.Model(inputs=inputs, outputs=outputs)
    start(model)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    losses = []
    for step in range(steps):
        # Every word once: TensorFlow adds up squares of the gradients of a word's places, others square their sum.
        x_train = ((np.arange(8 * LENGTH) * 37 + 11 * step) % WORDS).reshape(8, LENGTH)
        y_train = x_train[:, 0] % 2
        history = model.fit(x_train, y_train, batch_size=8, epochs=1, shuffle=False, verbose=0)
        losses.append(history.history["loss"][0])
    return losses

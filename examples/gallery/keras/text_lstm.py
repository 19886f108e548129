"""Texts told apart by a bidirectional LSTM of two layers over embeddings, as Keras' example of reviews."""

import keras
import numpy as np
from keras import layers
from start import start

WORDS, LENGTH = 97, 10


def train(steps):
    inputs = keras.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(WORDS, 16)(inputs)
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(8))(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    start(model)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    losses = []
    for step in range(steps):
        # Every word once: TensorFlow adds up squares of the gradients of a word's places, others square their sum.
        x_train = ((np.arange(8 * LENGTH) * 37 + 11 * step) % WORDS).reshape(8, LENGTH)
        y_train = (x_train[:, 0] % 2).astype("float32")
        history = model.fit(x_train, y_train, batch_size=8, epochs=1, shuffle=False, verbose=0)
        losses.append(history.history["loss"][0])
    return losses

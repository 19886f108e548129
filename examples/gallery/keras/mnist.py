"""Digits by two convolutions, as Keras' first example of vision has them: a sequential model, compiled and fitted."""

import keras
from formula import images
from keras import layers
from start import start


def train(steps, dropout=0.5):
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(10, activation="softmax"),
        ]
    )
    start(model)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    losses = []
    for step in range(steps):
        x, y = images(16, [28, 28, 1], 10, 1000 + 2 * step)
        history = model.fit(x, keras.utils.to_categorical(y, 10), batch_size=16, epochs=1, shuffle=False, verbose=0)
        losses.append(history.history["loss"][0])
    return losses

"""Pictures freed from noise by a convolutional autoencoder, as Keras' example."""

import keras
from formula import floats, images
from keras import layers
from start import start


def train(steps):
    input = layers.Input(shape=(28, 28, 1))
    # Encoder
    x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(input)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(x)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    # Decoder
    x = layers.Conv2DTranspose(8, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(8, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
    autoencoder = keras.Model(input, x)
    start(autoencoder)
    autoencoder.compile(optimizer=keras.optimizers.Adam(learning_rate=0.03), loss="binary_crossentropy")
    losses = []
    for step in range(steps):
        x, _ = images(8, [28, 28, 1], 10, 1000 + 4 * step)
        clean = (x + 1.5) / 3
        noisy = (clean + floats([8, 28, 28, 1], 0.4, 1002 + 4 * step)).clip(0, 1)
        history = autoencoder.fit(noisy, clean, batch_size=8, epochs=1, shuffle=False, verbose=0)
        losses.append(history.history["loss"][0])
    return losses

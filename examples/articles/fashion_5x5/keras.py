# Keras; for Fashion-MNIST nothing changes but the data.
import keras
from keras import layers
from keras.datasets import mnist  # or fashion_mnist as mnist

keras.utils.set_random_seed(0)
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = (x.reshape(-1, 28, 28, 1).astype("float32") / 255 for x in (x_train, x_test))

model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, 5, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 5, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(1024, activation="relu"),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

model.fit(x_train, y_train, batch_size=128, epochs=5)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"{model.count_params()} parameters, test loss {loss:.4f}, test accuracy {accuracy:.4f}")

"""Writes keras_applications.json: of models of keras.applications the names of layers, shapes and numbers of parameters.

Run: KERAS_BACKEND=tensorflow python3 test/goldens/generate_keras_applications.py   (needs keras and tensorflow; a minute)

Each case is [function, arguments by name, {"name", "params", "trainable", "layers": [[name, output shape], ...]}].
"""

import json
import pathlib

import keras

SMALL = {"weights": None, "input_shape": [32, 32, 3], "classes": 10}
WITHOUT = {"weights": None, "include_top": False}
NAMES = [
    *["VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet50V2", "ResNet101V2"],
    *["MobileNet", "MobileNetV2", "DenseNet121", "DenseNet169"],
]
CASES = [
    *[(name, SMALL) for name in NAMES],
    ("VGG16", {**WITHOUT, "pooling": "max"}),
    ("ResNet50", {**WITHOUT, "pooling": "avg", "name": "backbone"}),
    ("ResNet50V2", {**WITHOUT, "input_shape": [64, 48, 1]}),
    ("DenseNet121", {**WITHOUT, "input_shape": [75, 64, 3], "pooling": "max"}),
    ("MobileNet", {**WITHOUT, "alpha": 0.25, "input_shape": [64, 64, 3], "pooling": "avg"}),
    ("MobileNet", {**SMALL, "alpha": 0.5, "depth_multiplier": 2}),
    ("MobileNetV2", {**WITHOUT, "alpha": 0.35, "input_shape": [75, 50, 3]}),
    ("MobileNetV2", {**SMALL, "alpha": 1.4}),
    ("MobileNetV2", {**WITHOUT, "alpha": 0.5}),
]


def main():
    lines = []
    for name, named in CASES:
        keras.utils.clear_session()
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in named.items()}
        model = getattr(keras.applications, name)(**given)
        layers = [[layer.name, list(layer.output.shape)] for layer in model.layers]
        trainable = sum(int(weight.shape.num_elements()) for weight in model.trainable_weights)
        found = {"name": model.name, "params": model.count_params(), "trainable": trainable, "layers": layers}
        lines.append(json.dumps([name, named, found], separators=(",", ":")))
    path = pathlib.Path(__file__).parent / "keras_applications.json"
    path.write_text(f'{{"generator": "Keras {keras.__version__}", "cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()

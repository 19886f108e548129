"""Writes the golden values that real Keras computes on TensorFlow. README.md describes the files.

Run: python3 test/goldens/generate_keras.py [file ...]   (needs the keras and tensorflow packages; a minute on one core)
"""

import os
import platform
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from golden_format import write

if __name__ == "__main__":
    keras.config.set_floatx("float64")
    # Cases are written one after another: imported here, so that tables are made in float64.
    from keras_layers import activations_cases, layers_cases, ops_cases
    from keras_layer_rows import layer_rows_cases
    from keras_losses import losses_cases, metrics_cases
    from keras_texts import initializers_cases, texts_cases
    from keras_training import fit_cases, optimizers_cases

    FILES = {
        "keras_layers": layers_cases,
        "keras_layer_rows": layer_rows_cases,
        "keras_activations": activations_cases,
        "keras_ops": ops_cases,
        "keras_losses": losses_cases,
        "keras_metrics": metrics_cases,
        "keras_optimizers": optimizers_cases,
        "keras_fit": fit_cases,
        "keras_texts": texts_cases,
        "keras_initializers": initializers_cases,
    }
    header = {
        "generator": "test/goldens/generate_keras.py",
        "precision": "inputs are float32 values; computed in float64, rounded to float32",
        "seed": "numpy.random.default_rng(crc32('<file>/<case>')) draws the inputs of each case",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    unknown = [name for name in sys.argv[1:] if name not in FILES]
    if unknown:
        sys.exit(f"no such file: {', '.join(unknown)}; there are {', '.join(FILES)}")
    for name in sys.argv[1:] or FILES:
        write(name, header, list(FILES[name]()))

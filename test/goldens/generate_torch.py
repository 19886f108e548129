"""Writes the golden values that real PyTorch computes: forward, gradients, training. README.md describes the files.

Run: python3 test/goldens/generate_torch.py [file ...]   (Debian's python3-torch; a minute on one core)
"""

import platform
import sys

import numpy as np
import torch

from golden_format import write
from torch_arrays import elementwise_cases, matmul_cases, reduce_cases, shape_cases
from torch_layers import activations_cases, avg_pool2d_cases, conv2d_cases
from torch_layers import linear_cases, max_pool2d_cases, softmax_cases
from torch_losses import cross_entropy_cases, losses_cases
from torch_training import cnn_cases, optimisers_cases, second_derivatives_cases

FILES = {
    "conv2d": conv2d_cases,
    "max_pool2d": max_pool2d_cases,
    "avg_pool2d": avg_pool2d_cases,
    "linear": linear_cases,
    "activations": activations_cases,
    "softmax": softmax_cases,
    "cross_entropy": cross_entropy_cases,
    "losses": losses_cases,
    "matmul": matmul_cases,
    "elementwise": elementwise_cases,
    "reduce": reduce_cases,
    "shape": shape_cases,
    "second_derivatives": second_derivatives_cases,
    "optimisers": optimisers_cases,
    "cnn": cnn_cases,
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    header = {
        "generator": "test/goldens/generate_torch.py",
        "precision": "inputs are float32 values; computed in float64, rounded to float32",
        "seed": "torch.manual_seed(crc32('<file>/<case>')) before the inputs of each case are drawn",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    unknown = [name for name in sys.argv[1:] if name not in FILES]
    if unknown:
        sys.exit(f"no such file: {', '.join(unknown)}; there are {', '.join(FILES)}")
    for name in sys.argv[1:] or FILES:
        write(name, header, list(FILES[name]()))

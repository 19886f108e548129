"""Writes fft.json: torch.fft, stft, istft and windows, with gradients, in float64. README.md describes the file.

Run: python3 test/goldens/generate_fft.py   (PyTorch 2.13)
"""

import platform

import numpy as np
import torch

from golden_format import case, tensor, write
from inputs import Inputs

CASES = []
REAL = {"rfft", "rfftn", "ihfft", "stft", "fftshift", "ifftshift"}


def add(fn, shape, call=None, grads=True, **params):
    """One case. Complex arrays are pairs along a last axis, which `shape` does not count."""
    label = " ".join([fn] + [f"{k}={v}" for k, v in params.items()] + [str(list(shape))])
    random = Inputs("fft", label)
    x = random.uniform(*shape, *(() if fn in REAL else (2,)), low=-1, high=1)
    leaf = torch.tensor(x, requires_grad=True)
    given = leaf if fn in REAL else torch.view_as_complex(leaf)
    y = (call or getattr(torch.fft, fn))(given, **params)
    y = torch.view_as_real(y.resolve_conj()) if y.is_complex() else y
    dy = random.normal(*y.shape)
    (dx,) = torch.autograd.grad(y, [leaf], torch.tensor(dy))
    tensors = {"x": tensor(x), "y": tensor(y.detach().numpy()), "dy": tensor(dy), "dx": tensor(dx.numpy())}
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def fixed(fn, values, **params):
    """Values that depend on numbers alone."""
    label = " ".join([fn] + [f"{k}={v}" for k, v in params.items()])
    CASES.append(case(label, {"fn": fn, **params}, {"y": tensor(values.numpy())}))


for n in (1, 2, 3, 4, 8, 15, 16, 32, 60, 127, 256, 1000):
    add("fft", (2, n))
for norm in ("ortho", "forward", "backward"):
    for fn in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
        add(fn, (3, 6), norm=norm)
for n in (4, 5, 9, 12):
    for fn in ("ifft", "rfft", "irfft", "hfft", "ihfft"):
        add(fn, (2, 7, 3), n=n, dim=1)
for fn in ("fftn", "ifftn", "rfftn", "irfftn"):
    add(fn, (3, 4, 5))
    add(fn, (3, 4, 5), dim=[2, 0], norm="ortho")
    add(fn, (3, 4, 5), s=[6, 3])
add("fftshift", (5, 4))
add("ifftshift", (5, 4))
add("fftshift", (5, 4), dim=[0])


def stft(x, window=None, **params):
    weights = None if window is None else torch.hann_window(window, dtype=torch.float64)
    return torch.stft(x, return_complex=True, window=weights, win_length=window, **params)


def istft(x, window=None, **params):
    weights = None if window is None else torch.hann_window(window, dtype=torch.float64)
    return torch.istft(x, window=weights, win_length=window, **params)


add("stft", (2, 40), stft, n_fft=16, window=16)
add("stft", (40,), stft, n_fft=12, hop_length=5, window=10, center=False)
add("stft", (40,), stft, n_fft=15, hop_length=4, window=15, normalized=True, onesided=False)
add("stft", (30,), stft, n_fft=8, hop_length=8, pad_mode="constant")
add("stft", (30,), stft, n_fft=8, pad_mode="replicate")
add("istft", (2, 9, 6), istft, n_fft=16, window=16)
add("istft", (9, 6), istft, n_fft=16, hop_length=5, window=16, normalized=True, length=28)
add("istft", (8, 5), istft, n_fft=8, hop_length=2, center=False, onesided=False)
f64 = {"dtype": torch.float64}
for n in (1, 2, 5, 8):
    for periodic in (True, False):
        for name in ("hann", "hamming", "blackman", "bartlett"):
            fixed(name, getattr(torch, f"{name}_window")(n, periodic=periodic, **f64), n=n, periodic=periodic)
        for beta in (12, 3.5):
            fixed("kaiser", torch.kaiser_window(n, periodic=periodic, beta=beta, **f64), n=n, periodic=periodic, beta=beta)
    fixed("fftfreq", torch.fft.fftfreq(n, d=0.3, **f64), n=n, d=0.3)
    fixed("rfftfreq", torch.fft.rfftfreq(n, d=0.3, **f64), n=n, d=0.3)

write("fft", {"generator": "test/goldens/generate_fft.py", "python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}, CASES)

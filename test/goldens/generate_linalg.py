"""Writes linalg.json: torch.linalg and its relatives, with gradients, in float64. README.md describes the file.

Run: python3 test/goldens/generate_linalg.py   (PyTorch 2.13)
"""

import platform

import numpy as np
import torch

from golden_format import case, tensor, write
from inputs import Inputs

CASES = []


def add(fn, shapes, call, name="", transform=None, grads=True, **params):
    """One case: y, the results one behind the other, and gradients for a random dy. Inputs are transformed before the call."""
    label = " ".join([fn] + ([name] if name else []) + [f"{k}={v}" for k, v in params.items()] + [str(list(s)) for s in shapes])
    random = Inputs("linalg", label)
    arrays = {k: random.uniform(*s, low=-1, high=1) for k, s in zip("abcdef", shapes)}
    if transform:
        arrays["a"] = np.asarray(transform(arrays["a"])).astype(np.float32).astype(np.float64)
    leaves = {k: torch.tensor(v, requires_grad=grads) for k, v in arrays.items()}
    result = call(*leaves.values(), **params)
    parts = result if isinstance(result, tuple) else (result,)
    y = torch.cat([part.to(torch.float64).reshape(-1) for part in parts])
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.detach().numpy())}
    if grads:
        dy = random.normal(*y.shape)
        tensors["dy"] = tensor(dy)
        found = torch.autograd.grad(y, list(leaves.values()), torch.tensor(dy))
        tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, found)}
    known = {k: str(v) if v in (float("inf"), -float("inf")) else v for k, v in params.items()}
    CASES.append(case(label, {"fn": fn, **known}, tensors))


def apart(a):
    """Singular values and eigenvalues far from 0 and from one another."""
    m, n = a.shape[-2:]
    return 0.4 * a + np.eye(m, n) * np.arange(1, m + 1)[:, None]


def positive(a):
    return a @ np.swapaxes(a, -1, -2) + np.diag(np.arange(1.0, a.shape[-1] + 1))


def symmetric(a):
    return apart(a) + np.swapaxes(apart(a), -1, -2)


def singular(a):
    a = a.copy()
    a[..., -1, :] = a[..., 0, :]
    return a


L = torch.linalg
for shape in [(1, 1), (5, 5), (2, 3, 4, 4)]:
    add("cholesky", [shape], L.cholesky, transform=positive)
    add("inv", [shape], L.inv, transform=apart)
    add("det", [shape], L.det, transform=apart)
    add("slogdet", [shape], lambda a: tuple(L.slogdet(a)), transform=apart)
    add("eigh", [shape], lambda a: (L.eigh(a)[0], L.eigh(a)[1] ** 2), transform=symmetric)
add("det", [(3, 3)], L.det, name="singular", transform=lambda a: a - a)
add("cholesky", [(3, 3)], lambda a, upper: L.cholesky(a, upper=upper), transform=positive, upper=True)
for a, b in [((3, 3), (3, 2)), ((2, 1, 3, 3), (4, 3, 1)), ((4, 4), (2, 4, 5))]:
    add("solve", [a, b], L.solve, transform=apart)
    for upper in (False, True):
        for left in (False, True):
            if left or b[-1] == a[-1]:
                add("solve_triangular", [a, b], L.solve_triangular, transform=apart, upper=upper, left=left)
    add("solve_triangular", [a, b], L.solve_triangular, transform=apart, upper=True, unitriangular=True)
add("solve_triangular", [(3, 3), (2, 4, 3)], L.solve_triangular, transform=apart, upper=True, left=False)
for shape in [(4, 4), (5, 3), (2, 3, 5)]:
    add("qr", [shape], lambda a: tuple(L.qr(a)), transform=apart)
    add("svd", [shape], lambda a: (lambda u, s, v: (u**2, s, v**2))(*L.svd(a, full_matrices=False)), transform=apart)
    add("svdvals", [shape], L.svdvals, transform=apart)
    add("pinv", [shape], L.pinv, transform=apart)
    add("lstsq", [shape, (*shape[:-1], 2)], lambda a, b: L.lstsq(a, b).solution, transform=apart)
    add("matrix_rank", [shape], lambda a: L.matrix_rank(a), transform=singular, grads=False)
    for p in (None, 2, -2):
        add("cond", [shape], L.cond, transform=apart, p=p)
    for order in ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf")):
        add("matrix_norm", [shape], lambda a, ord: L.matrix_norm(a, ord), transform=apart, ord=order)
add("qr", [(4, 2)], lambda a, mode: tuple(L.qr(a, mode)), grads=False, transform=apart, mode="complete")
add("pinv", [(4, 3)], L.pinv, name="singular", transform=lambda a: a @ np.diag([1.0, 1.0, 0.0]))
for p in ("fro", 1, float("inf")):
    # Of L.cond itself PyTorch loses the gradient: it writes into what that needs.
    add("cond", [(3, 3)], lambda a, p: L.matrix_norm(a, p) * L.matrix_norm(L.inv(a), p), transform=apart, p=p)
for n in (0, 1, 2, 5, -1, -3):
    add("matrix_power", [(2, 3, 3)], L.matrix_power, transform=apart, n=n)
for scale in (0.01, 1, 6):
    add("matrix_exp", [(2, 4, 4)], L.matrix_exp, name=f"times {scale}", transform=lambda a: scale * a)
add("householder_product", [(4, 3), (2,)], L.householder_product)
add("householder_product", [(2, 3, 3), (2, 3)], L.householder_product)
add("cholesky_solve", [(3, 3), (3, 2)], lambda a, b: torch.cholesky_solve(b, torch.tril(a)), transform=lambda a: np.tril(apart(a)))

write("linalg", {"generator": "test/goldens/generate_linalg.py", "python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}, CASES)

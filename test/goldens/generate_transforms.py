"""Writes derivatives that PyTorch computes of a few functions: transforms.json, for torch.func, torch.autograd and its functional.

Run: python3 test/goldens/generate_transforms.py    (the Python that has PyTorch; seconds)

    { "generator", "torch", "inputs": { name: nested numbers }, "cases": { name: nested numbers } }

test/torch/transforms.test.ts has the same functions under the same names.
"""

import json
import pathlib

import torch
from torch import func
from torch.autograd import Function, functional

FOLDER = pathlib.Path(__file__).resolve().parent
INPUTS = {
    "x": [0.5, -1.25, 2.0],
    "y": [[0.25, 1.5, -0.75], [1.0, -0.5, 0.125]],
    "w": [[0.5, -0.25, 1.0], [1.5, 0.75, -1.0]],
    "b": [0.1, -0.2],
    "v": [1.0, -2.0, 0.5],
    "u": [0.5, -1.5],
}
x, y, w, b, v, u = (torch.tensor(each) for each in INPUTS.values())

loss = lambda x: (x.sin() * x.exp()).sum()
layer = lambda p, x: (p["w"] @ x + p["b"]).tanh()
pair = lambda x, w: ((w @ x).sigmoid(), (x * x).sum())
params = {"w": w, "b": b}


class Cube(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x**3 * scale

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 3 * x**2 * ctx.scale, None


class Exp(Function):
    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return dy * y


def second(function, x):
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    (then,) = torch.autograd.grad((first * v).sum(), x)
    return [first, then]


def hooks():
    x0 = x.clone().requires_grad_()
    middle = x0.sin()
    middle.retain_grad()
    seen = []
    middle.register_hook(lambda dy: dy * 2)
    x0.register_hook(lambda dx: seen.append(dx.clone()))
    x0.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad * 10))
    (middle * v).sum().backward()
    return [middle.grad, x0.grad, seen]


CASES = {
    "grad": lambda: func.grad(loss)(x),
    "grad of grad": lambda: func.grad(lambda x: func.grad(loss)(x).sum())(x),
    "grad by two": lambda: func.grad(lambda x, w: (w @ x).sin().sum(), argnums=(0, 1))(x, w),
    "grad of parameters": lambda: func.grad(lambda p, x: layer(p, x).sum())(params, x),
    "grad with aux": lambda: func.grad(lambda x: (loss(x), x * 2), has_aux=True)(x),
    "grad_and_value": lambda: func.grad_and_value(loss)(x),
    "vjp": lambda: (lambda out: [out[0], out[1](u)])(func.vjp(lambda x: w @ x, x)),
    "vjp of two": lambda: (lambda out: [out[0], out[1]((u, torch.tensor(0.5)))])(func.vjp(pair, x, w)),
    "jvp": lambda: func.jvp(lambda x: (w @ x).tanh(), (x,), (v,)),
    "jvp of two": lambda: func.jvp(pair, (x, w), (v, y)),
    "jacrev": lambda: func.jacrev(lambda x: (w @ x).tanh())(x),
    "jacfwd": lambda: func.jacfwd(lambda x: (w @ x).tanh())(x),
    "jacrev of two by two": lambda: func.jacrev(pair, argnums=(0, 1))(x, w),
    "hessian": lambda: func.hessian(loss)(x),
    "vmap": lambda: func.vmap(lambda x: x.softmax(0))(y),
    "vmap of rows and columns": lambda: func.vmap(lambda x, w: (x * w).sum(), in_dims=(0, 1))(y, w.T),
    "vmap out": lambda: func.vmap(lambda x: x * 2, out_dims=1)(y),
    "vmap of gradients": lambda: func.vmap(func.grad(loss))(y),
    "vmap of vmap": lambda: func.vmap(func.vmap(lambda a: a * a))(y),
    "examples' gradients": lambda: func.vmap(func.grad(lambda p, x: layer(p, x).sum()), in_dims=(None, 0))(params, y),
    "linearize": lambda: (lambda out: [out[0], out[1](v)])(func.linearize(loss, x)),
    "functional.jacobian": lambda: functional.jacobian(lambda x, w: (w @ x).tanh(), (x, w)),
    "functional.hessian": lambda: functional.hessian(lambda x, b: loss(x) * b.sum(), (x, b)),
    "functional.vjp": lambda: functional.vjp(lambda x: w @ x, x, u),
    "functional.jvp": lambda: functional.jvp(lambda x: w @ x, x, v),
    "functional.hvp": lambda: functional.hvp(loss, x, v),
    "functional.vhp": lambda: functional.vhp(loss, x, v),
    "Function": lambda: second(lambda x: Cube.apply(x, 2), x),
    "Function of its output": lambda: second(Exp.apply, x),
    "hooks": hooks,
}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value.tolist()


if __name__ == "__main__":
    head = {"generator": "test/goldens/generate_transforms.py", "torch": torch.__version__, "inputs": INPUTS}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(plain(make()))}" for name, make in CASES.items())
    (FOLDER / "transforms.json").write_text(f'{json.dumps(head)[:-1]}, "cases": {{\n{rows}\n}}}}\n', encoding="utf-8")

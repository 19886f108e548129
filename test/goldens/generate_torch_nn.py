"""torch_nn.json: what small programs over torch.nn's modules, containers, initialisers and utilities see, as plain values.

    python test/goldens/generate_torch_nn.py

Weights and inputs are ramps: a tensor of n elements holds (k + 1) / n for k from 0. Read by test/torch/module_hooks.test.ts and
test/torch/nn_utils.test.ts, which run the same programs.
"""

import json
import math
import pathlib
import platform
import re
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
FILE = pathlib.Path(__file__).parent / "torch_nn.json"


def ramp(*shape):
    n = math.prod(shape)
    return ((torch.arange(n, dtype=torch.float64) + 1) / n).reshape(shape).float()


def ramps(module):
    for p in module.parameters():
        p.data.copy_(ramp(*p.shape))
    return module


def net():
    return ramps(nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)))


def plain(v):
    if isinstance(v, torch.Tensor):
        return plain(v.detach().tolist())
    if isinstance(v, float):
        return float(repr(round(v, 9)))
    return [plain(each) for each in v] if isinstance(v, (list, tuple)) else v


def forward_hooks():
    model, log = net(), []
    first = model[0]
    first.register_forward_pre_hook(lambda m, args: log.append("pre a"))
    first.register_forward_pre_hook(lambda m, args: (log.append("pre b"), args[0] * 2)[1], prepend=True)
    first.register_forward_hook(lambda m, args, out: log.append(["post a", plain(args), plain(out)]))
    first.register_forward_hook(lambda m, args, out: (log.append("post b"), out + 1)[1], prepend=True)
    handle = model.register_forward_hook(lambda m, args, out: log.append("never"))
    handle.remove()
    return {"log": log, "y": plain(model(ramp(4, 3)))}


class Scaled(nn.Module):
    def forward(self, x, *, scale=1.0):
        return x * scale


def kwargs_hooks():
    module, log = Scaled(), []
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (log.append(plain(kwargs["scale"])), (args, {"scale": 3.0}))[1], with_kwargs=True
    )
    module.register_forward_hook(lambda m, args, kwargs, out: log.append(plain(kwargs["scale"])), with_kwargs=True)
    return {"log": log, "y": plain(module(ramp(2), scale=2.0))}


def always_call():
    log = []

    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    module = Broken()
    module.register_forward_hook(lambda m, args, out: log.append("plain"))
    module.register_forward_hook(lambda m, args, out: log.append(["always", out]), always_call=True)
    try:
        module(ramp(1))
    except ValueError as error:
        log.append(str(error))
    return {"log": log}


def every_module():
    model, log = net(), []
    handles = [
        nn.modules.module.register_module_forward_pre_hook(lambda m, args: log.append("pre " + m._get_name())),
        nn.modules.module.register_module_forward_hook(lambda m, args, out: log.append("post " + m._get_name())),
        nn.modules.module.register_module_full_backward_pre_hook(lambda m, grads: log.append("back pre " + m._get_name())),
        nn.modules.module.register_module_full_backward_hook(lambda m, i, o: log.append("back " + m._get_name())),
    ]
    model[0].register_forward_hook(lambda m, args, out: log.append("own"))
    model(ramp(1, 3)).sum().backward()
    for handle in handles:
        handle.remove()
    model(ramp(1, 3))
    return {"log": log}


def backward_hooks():
    model, log = net(), []
    middle = model[2]
    middle.register_full_backward_pre_hook(lambda m, grads: (log.append(["pre", plain(grads)]), (grads[0] * 2,))[1])
    middle.register_full_backward_hook(lambda m, i, o: (log.append(["a", plain(i), plain(o)]), (i[0] * 10,))[1])
    middle.register_full_backward_hook(lambda m, i, o: log.append(["b", plain(i), plain(o)]))
    model[0].register_full_backward_hook(lambda m, i, o: log.append(["first", i[0] is None, plain(o)]))
    model(ramp(2, 3)).sum().backward()
    return {"log": log, "gradients": [plain(p.grad) for p in model.parameters()]}


def state_hooks():
    model, log = net(), []
    model[0].register_state_dict_pre_hook(lambda m, prefix, keep_vars: log.append(["pre", prefix, keep_vars]))

    def renamed(m, state, prefix, metadata):
        log.append(["post", prefix, metadata])
        state[prefix + "extra"] = torch.zeros(1)

    model[0].register_state_dict_post_hook(renamed)
    state = model.state_dict()
    log.append(list(state))
    log.append({k: dict(v) for k, v in state._metadata.items()})

    def before(m, state, prefix, metadata, strict, missing, unexpected, errors):
        log.append(["load", prefix, metadata, strict, missing, unexpected, errors])
        del state[prefix + "extra"]

    def after(m, keys):
        log.append(["loaded", list(keys.missing_keys), list(keys.unexpected_keys), plain(m[0].bias)])
        keys.missing_keys.clear()

    other = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    other[0].register_load_state_dict_pre_hook(before)
    other.register_load_state_dict_post_hook(after)
    del state["2.bias"]
    log.append(str(other.load_state_dict(state)))
    return {"log": log}


def containers():
    seq = nn.Sequential(nn.ReLU(), nn.Tanh())
    seq.insert(1, nn.Sigmoid())
    seq.extend([nn.GELU(), nn.SiLU()])
    popped = [str(seq.pop(0)), str(seq[1:3]), str(seq[-1])]
    seq[0] = nn.ELU()
    many = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    many.insert(0, nn.Linear(1, 2))
    many[-1] = nn.Linear(2, 1)
    popped += [str(many.pop(1)), str(many[:1])]
    by_name = nn.ModuleDict({"conv": nn.Linear(2, 3), "act": nn.ReLU()})
    by_name.update({"act": nn.Tanh(), "last": nn.Linear(3, 1)})
    by_name["more"] = nn.Identity()
    popped.append(str(by_name.pop("act")))
    params = nn.ParameterList([nn.Parameter(ramp(2, 3)), ramp(4)])
    params.append(ramp(1)).extend([3, ramp(2)])
    by_key = nn.ParameterDict({"left": nn.Parameter(ramp(2, 2)), "right": ramp(3)})
    by_key["middle"] = ramp(1)
    by_key.setdefault("left", None)
    popped.append(plain(by_key.pop("right")))
    popped.append([by_key.popitem()[0], by_key.get("nothing", 7), len(by_key)])
    by_key.update({"z": ramp(2), "a": "text"})
    whole = nn.Module()
    for name, each in {"seq": seq, "many": many, "by_name": by_name, "params": params, "by_key": by_key}.items():
        setattr(whole, name, each)
    return {
        "text": re.sub(r"type: str\\b", "type: string", str(whole)),
        "popped": popped,
        "state": list(whole.state_dict()),
        "keys": [list(by_name), list(by_name.keys()), list(by_key), len(params), len(by_name)],
        "copy": str(by_key.copy()),
        "from": str(by_key.fromkeys(["p", "q"], ramp(1))),
    }


PROGRAMS = [forward_hooks, kwargs_hooks, always_call, every_module, backward_hooks, state_hooks, containers]

if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {
        "generator": "test/goldens/generate_torch_nn.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    found |= {program.__name__: program() for program in PROGRAMS}
    FILE.write_text(json.dumps(found, indent=1) + "\n")

"""torch_modules.json: layers of torch.nn with states, inputs and settings that PyTorch's own database of modules leaves out.

    python test/goldens/generate_torch_modules.py

Each row is a case as test/conformance writes them: the class, its arguments, the state dict it has, the printed form, what it
gives for an input, gradients of input and parameters for given seeds, and buffers afterwards. Read by test/torch/layers.test.ts.
"""

import base64
import json
import pathlib
import platform

import numpy as np
import torch
from torch import nn

FILE = pathlib.Path(__file__).parent / "torch_modules.json"
NAME = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}
rng = np.random.default_rng(11)


def normal(*shape):
    return torch.tensor(rng.standard_normal(shape).astype(np.float32))


def ints(high, *shape):
    return torch.tensor(rng.integers(0, high, shape))


def array(t):
    values = t.detach().cpu().contiguous().numpy()
    if t.dtype == torch.int64:
        values = values.astype(np.float64)
    made = {"t": NAME[t.dtype], "s": list(t.shape), "d": base64.b64encode(values.tobytes()).decode()}
    return made | ({"g": 1} if t.requires_grad else {})


def value(v):
    if isinstance(v, torch.Tensor):
        return array(v)
    if isinstance(v, (list, tuple)):
        return [value(each) for each in v]
    return {"o": {k: value(each) for k, each in v.items()}} if isinstance(v, dict) else v


def flat(v):
    if isinstance(v, (list, tuple)):
        return [t for each in v for t in flat(each)]
    return [v] if isinstance(v, torch.Tensor) else []


# What differs from the defaults: (class, positions, keywords, inputs, train), inputs made anew for each row.
ROWS = [
    # A cumulative average, and batches before this one.
    ("BatchNorm1d", [3], {"momentum": None}, lambda: [normal(4, 3)], True),
    ("BatchNorm1d", [3], {"affine": False}, lambda: [normal(2, 3, 5)], True),
    ("BatchNorm2d", [2], {"bias": False, "eps": 0.01}, lambda: [normal(3, 2, 2, 2)], True),
    ("BatchNorm2d", [2], {"track_running_stats": False}, lambda: [normal(3, 2, 2, 2)], False),
    ("BatchNorm3d", [2], {"momentum": 0.3}, lambda: [normal(2, 2, 2, 1, 2)], True),
    ("BatchNorm3d", [2], {}, lambda: [normal(2, 2, 2, 1, 2)], False),
    ("InstanceNorm1d", [3], {"affine": True, "track_running_stats": True}, lambda: [normal(2, 3, 4)], True),
    ("InstanceNorm2d", [3], {"affine": True, "track_running_stats": True}, lambda: [normal(2, 3, 2, 2)], False),
    ("InstanceNorm3d", [2], {"momentum": None, "track_running_stats": True}, lambda: [normal(2, 2, 2, 1, 2)], True),
    ("InstanceNorm2d", [3], {}, lambda: [normal(3, 2, 2)], True),
    ("LayerNorm", [[2, 3]], {"bias": False}, lambda: [normal(4, 2, 3)], True),
    ("LayerNorm", [3], {"elementwise_affine": False, "eps": 0.1}, lambda: [normal(4, 3)], True),
    ("GroupNorm", [2, 4], {"bias": False}, lambda: [normal(2, 4, 3)], True),
    ("GroupNorm", [1, 4], {"affine": False}, lambda: [normal(2, 4)], True),
    ("RMSNorm", [[2, 3]], {"eps": 0.1}, lambda: [normal(4, 2, 3)], True),
    ("Embedding", [5, 3], {"padding_idx": -2}, lambda: [torch.tensor([[0, 3], [3, 4]])], True),
    ("Embedding", [4, 3], {"scale_grad_by_freq": True}, lambda: [torch.tensor([1, 1, 3, 1])], True),
    ("Embedding", [4, 3], {"max_norm": 1.5, "norm_type": 1.0}, lambda: [torch.tensor([1, 1, 3])], True),
    ("EmbeddingBag", [5, 3], {}, lambda: [ints(5, 2, 4)], True),
    ("EmbeddingBag", [5, 3], {"mode": "max"}, lambda: [torch.tensor([0, 1, 4, 2]), torch.tensor([0, 1, 1])], True),
    ("EmbeddingBag", [5, 3], {"mode": "sum", "padding_idx": 1}, lambda: [ints(5, 6), torch.tensor([0, 4])], True),
    (
        "EmbeddingBag",
        [5, 2],
        {"mode": "sum", "include_last_offset": True},
        lambda: [ints(5, 4), torch.tensor([0, 3, 4]), normal(4)],
        True,
    ),
    ("EmbeddingBag", [5, 2], {"max_norm": 0.5}, lambda: [ints(5, 2, 2)], True),
    # Over space: what is put around, other ranks, no batch, results of an extent asked for.
    ("Conv1d", [2, 4, 3], {"padding": 2, "padding_mode": "reflect", "groups": 2, "bias": False}, lambda: [normal(2, 2, 5)], True),
    ("Conv1d", [2, 3, (2,)], {"padding": "same", "dilation": 2}, lambda: [normal(2, 6)], True),
    ("Conv2d", [1, 2, (3, 2)], {"padding": (2, 1), "padding_mode": "circular", "stride": (2, 1)}, lambda: [normal(1, 1, 4, 3)], True),
    ("Conv2d", [1, 2, (2, 3)], {"padding": "same", "padding_mode": "replicate"}, lambda: [normal(1, 1, 4, 3)], True),
    ("Conv3d", [1, 2, 2], {"padding": (1, 0, 1), "padding_mode": "replicate", "dilation": (1, 2, 1)}, lambda: [normal(1, 2, 4, 3)], True),
    ("ConvTranspose1d", [2, 3, 3], {"stride": 2, "padding": 1}, lambda: [normal(1, 2, 4), [8]], True),
    ("ConvTranspose2d", [4, 2, (3, 2)], {"stride": (2, 1), "output_padding": (1, 0), "groups": 2, "bias": False}, lambda: [normal(4, 3, 2)], True),
    ("ConvTranspose2d", [1, 2, 2], {"stride": 3}, lambda: [normal(1, 1, 2, 2), [1, 2, 6, 7]], True),
    ("ConvTranspose3d", [1, 2, 2], {"dilation": 2, "output_padding": 1}, lambda: [normal(1, 1, 2, 2, 2)], True),
    ("MaxPool1d", [3], {"stride": 2, "padding": 1, "return_indices": True}, lambda: [normal(2, 2, 7)], True),
    ("MaxPool2d", [(2, 3)], {"stride": (1, 2), "return_indices": True}, lambda: [normal(2, 5, 6)], True),
    ("MaxPool3d", [2], {"ceil_mode": True, "return_indices": True}, lambda: [normal(1, 2, 3, 3, 5)], True),
    ("AvgPool1d", [3], {"padding": 1, "count_include_pad": False}, lambda: [normal(2, 7)], True),
    ("AvgPool2d", [3, 2], {"divisor_override": -2}, lambda: [normal(1, 2, 5, 5)], True),
    ("AvgPool3d", [(1, 2, 2)], {"divisor_override": 3, "ceil_mode": True}, lambda: [normal(1, 1, 2, 3, 3)], True),
    ("LPPool1d", [4, 2], {}, lambda: [normal(1, 2, 5)], True),
    ("LPPool2d", [3, (2, 3)], {"stride": 1}, lambda: [normal(1, 1, 3, 4).abs()], True),
    ("AdaptiveAvgPool1d", [3], {}, lambda: [normal(2, 7)], True),
    ("AdaptiveAvgPool2d", [(2, None)], {}, lambda: [normal(1, 2, 5, 3)], True),
    ("AdaptiveMaxPool2d", [(None, 2)], {"return_indices": True}, lambda: [normal(1, 2, 5, 3)], True),
    ("AdaptiveMaxPool3d", [2], {}, lambda: [normal(2, 3, 2, 4)], True),
    ("MaxUnpool2d", [2], {}, lambda: [normal(1, 1, 1, 2), torch.tensor([[[[5, 2]]]]), [1, 1, 3, 4]], True),
    ("FractionalMaxPool2d", [2], {"output_ratio": 0.5, "_random_samples": torch.full((1, 2, 2), 0.4)}, lambda: [normal(1, 2, 6, 6)], True),
    ("ZeroPad2d", [(1, -1, 0, 2)], {}, lambda: [normal(2, 3, 4)], True),
    ("ReflectionPad3d", [1], {}, lambda: [normal(1, 2, 2, 3)], True),
    ("CircularPad1d", [(2, 1)], {}, lambda: [normal(2, 3)], True),
    ("ConstantPad1d", [(2, 1), 0.5], {}, lambda: [normal(2, 3)], True),
    ("Upsample", [], {"scale_factor": (2.5, 1.5), "mode": "bilinear", "recompute_scale_factor": True}, lambda: [normal(1, 1, 3, 2)], True),
    ("Upsample", [(5,)], {"mode": "linear", "align_corners": True}, lambda: [normal(1, 2, 3)], True),
    ("Upsample", [], {"scale_factor": 2.5}, lambda: [normal(1, 2, 3)], True),
    ("UpsamplingNearest2d", [(5, 2)], {}, lambda: [normal(1, 1, 3, 4)], True),
    ("UpsamplingBilinear2d", [], {"scale_factor": 1.5}, lambda: [normal(1, 1, 3, 4)], True),
    ("PixelShuffle", [2], {}, lambda: [normal(8, 2, 1)], True),
    ("PixelUnshuffle", [2], {}, lambda: [normal(1, 1, 4, 2)], True),
    ("ChannelShuffle", [2], {}, lambda: [normal(1, 4, 2)], True),
    ("Fold", [(3, 4), 2], {"padding": 1, "stride": 2}, lambda: [normal(4, 6)], True),
    ("Unfold", [(2, 3)], {"dilation": 2}, lambda: [normal(1, 2, 4, 6)], True),
    ("Unflatten", [1, (2, -1)], {}, lambda: [normal(2, 6)], True),
    ("LocalResponseNorm", [2], {"alpha": 0.5, "k": 2.5}, lambda: [normal(1, 4, 3)], True),
    ("Dropout2d", [0.25], {}, lambda: [normal(1, 4, 3)], False),
    ("AlphaDropout", [], {"inplace": True}, lambda: [normal(4, 3)], False),
    ("LSTM", [2, 3, 2], {"bidirectional": True, "batch_first": True}, lambda: [normal(2, 4, 2)], True),
    ("LSTM", [2, 3], {"proj_size": 2, "bidirectional": True}, lambda: [normal(4, 2, 2), [normal(2, 2, 2), normal(2, 2, 3)]], True),
    ("LSTM", [2, 3], {"bias": False}, lambda: [normal(4, 2), [normal(1, 3), normal(1, 3)]], True),
    ("GRU", [2, 3, 2], {"dropout": 0.5}, lambda: [normal(4, 2, 2), normal(2, 2, 3)], False),
    ("RNN", [2, 3, 1, "relu"], {}, lambda: [normal(4, 2, 2)], True),
    (
        "MultiheadAttention",
        [4, 2],
        {"kdim": 3, "vdim": 2, "batch_first": True, "add_bias_kv": True},
        lambda: [normal(2, 3, 4), normal(2, 5, 3), normal(2, 5, 2)],
        True,
    ),
    (
        "MultiheadAttention",
        [4, 2],
        {"add_zero_attn": True, "bias": False},
        lambda: [normal(3, 4), normal(5, 4), normal(5, 4), None, True, torch.ones(3, 5).triu(2).bool(), False],
        True,
    ),
    ("Bilinear", [2, 3, 4], {"bias": False}, lambda: [normal(3, 2, 2), normal(3, 2, 3)], True),
    ("PReLU", [3], {}, lambda: [normal(2, 3, 2)], True),
    ("Hardtanh", [], {"min_value": -0.5}, lambda: [normal(4)], True),
    ("Hardswish", [], {}, lambda: [normal(4)], True),
    ("RReLU", [], {"lower": 0.25}, lambda: [normal(4)], False),
    ("Softmax2d", [], {}, lambda: [normal(3, 2, 2)], True),
    ("PairwiseDistance", [], {"p": 1.5, "keepdim": True}, lambda: [normal(3, 2), normal(3, 2)], True),
    ("CosineSimilarity", [0], {}, lambda: [normal(3, 2), normal(3, 2)], True),
    ("TripletMarginLoss", [], {"swap": True, "size_average": False}, lambda: [normal(3, 2), normal(3, 2), normal(3, 2)], True),
    ("TripletMarginWithDistanceLoss", [], {"margin": 0.5}, lambda: [normal(3, 2), normal(3, 2), normal(3, 2)], True),
    ("MultiLabelMarginLoss", [], {"reduction": "none"}, lambda: [normal(3), torch.tensor([2, 0, -1])], True),
    ("MultiMarginLoss", [2], {"margin": 0.5, "reduction": "none"}, lambda: [normal(4), torch.tensor(2)], True),
    (
        "CTCLoss",
        [],
        {"reduction": "sum", "zero_infinity": True},
        lambda: [normal(4, 2, 3).log_softmax(2), torch.tensor([1, 2, 1, 1, 1]), [4, 3], [2, 3]],
        True,
    ),
    ("RNNCell", [2, 3], {"nonlinearity": "relu", "bias": False}, lambda: [normal(4, 2), normal(4, 3)], True),
    ("GRUCell", [2, 3], {}, lambda: [normal(2)], True),
    ("LSTMCell", [2, 3], {}, lambda: [normal(4, 2), [normal(4, 3), normal(4, 3)]], True),
]


def case(name, args, kw, inputs, train):
    torch.manual_seed(3)
    made = getattr(nn, name)(*args, **kw).train(train)
    with torch.no_grad():
        # Other values than those that layers begin with: ones, zeros, no batches.
        for key, each in made.state_dict().items():
            if each.dtype == torch.int64:
                each.fill_(2)
            elif each.numel() > 0:
                each.copy_(normal(*each.shape).abs() + 0.1 if "var" in key else each + 0.3 * normal(*each.shape))
    row = {"k": "module", "op": f"nn.{name}", "cls": name, "args": value(args), "kw": {k: value(v) for k, v in kw.items()}}
    row |= {"train": train, "state": {k: array(v) for k, v in made.state_dict().items()}, "repr": repr(made)}
    given = inputs()
    for each in flat(given):
        if each.dtype == torch.float32:
            each.requires_grad_()
    row["input"] = value(given)
    row["inkw"] = {}
    outs = flat(made(*given))
    row["outs"] = [array(each.detach()) for each in outs]
    leaves = [each for each in flat(given) if each.requires_grad]
    names, parameters = zip(*made.named_parameters()) if list(made.parameters()) else ((), ())
    out = [each for each in outs if each.requires_grad]
    seeds = [normal(*each.shape) for each in out]
    grads = torch.autograd.grad(out, [*leaves, *parameters], grad_outputs=seeds, allow_unused=True)
    row["seeds"] = [array(each) for each in seeds]
    row["gin"] = [None if each is None else array(each) for each in grads[: len(leaves)]]
    row["gparams"] = {k: None if g is None else array(g) for k, g in zip(names, grads[len(leaves) :])}
    row["after"] = {k: array(v) for k, v in made.state_dict().items()}
    return row


PACKED = [("LSTM", {"bidirectional": True, "num_layers": 2}), ("GRU", {"batch_first": True}), ("RNN", {"bidirectional": True})]


def packed_case(name, kw):
    """Sequences of 2, 4 and 1 steps, packed in the order of their lengths: outputs padded again, last states, gradients."""
    torch.manual_seed(4)
    made = getattr(nn, name)(2, 3, **kw)
    first = kw.get("batch_first", False)
    x = normal(*((3, 4, 2) if first else (4, 3, 2))).requires_grad_()
    states = 2 * kw.get("num_layers", 1) if kw.get("bidirectional") else 1
    hx = [normal(states, 3, 3).requires_grad_() for _ in range(2 if name == "LSTM" else 1)]
    packed = nn.utils.rnn.pack_padded_sequence(x, [2, 4, 1], first, enforce_sorted=False)
    out, last = made(packed, tuple(hx) if len(hx) > 1 else hx[0])
    padded, lengths = nn.utils.rnn.pad_packed_sequence(out, first, -1.0, 5)
    outs = [padded, *flat(last)]
    seeds = [normal(*each.shape) for each in outs]
    wanted = [x, *hx, *made.parameters()]
    grads = torch.autograd.grad(outs, wanted, grad_outputs=seeds)
    row = {"cls": name, "kw": kw, "state": {k: array(v) for k, v in made.state_dict().items()}}
    row |= {"x": array(x.detach()), "hx": [array(each.detach()) for each in hx]}
    parts = [packed.data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices, lengths, out.data]
    row |= {"parts": [array(each.detach()) for each in parts], "outs": [array(each.detach()) for each in outs]}
    return row | {"seeds": [array(each) for each in seeds], "grads": [array(each) for each in grads]}


if __name__ == "__main__":
    head = {"generator": "test/goldens/generate_torch_modules.py", "torch": torch.__version__, "python": platform.python_version()}
    line = lambda each: json.dumps(each, separators=(",", ":"))
    rows = ",\n".join(line(case(*row)) for row in ROWS)
    blocks = [f"{line(k)}: {line(v)}" for k, v in head.items()] + [f'"cases": [\n{rows}\n]']
    blocks.append(f'"packed": {line([packed_case(*row) for row in PACKED])}')
    FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")

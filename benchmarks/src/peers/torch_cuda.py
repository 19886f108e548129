#!/usr/bin/env python3
"""The bench's workloads in PyTorch: fp32 with TF32 off, then on, eager and as a CUDA graph, beside Facet's report.

    python3 torch_cuda.py --report results/hardware.json --out torch.json [--device cuda] [--filter TEXT]

The workloads, their inputs (a formula, the same bits as in TypeScript) and a sample of Facet's answers are read from the
bench's report; every answer is compared with that sample before it is timed. `bench -- --merge torch.json --into
results/hardware.json` puts the timings beside the others. With `--device cpu` there is no TF32 and no graph.
"""

import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

# As ADAM_COMPARED in workloads.ts.
ADAM_COMPARED = 65_536
# TF32 keeps 10 bits of a factor.
TF32_TOLERANCE = {"rtol": 1e-2, "atol": 5e-2}


def formula_weights(count, scale, stream):
    """formulaWeights of packages/testing: MurmurHash3's finaliser of the index, as float32 in [-scale, scale)."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) + np.uint32((stream * 2**20 + 1) % 2**32)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return (scale * (h.astype(np.float64) / 2**31 - 1)).astype(np.float32)


def input_values(spec):
    values = formula_weights(int(np.prod(spec["shape"], dtype=np.int64)), spec["scale"], spec["stream"])
    if "classes" not in spec:
        return (values + np.float32(spec.get("centre", 0))).reshape(spec["shape"])
    classes = spec["classes"]
    labels = np.minimum(classes - 1, np.floor((values.astype(np.float64) + 1) * classes / 2))
    return labels.astype(np.int64).reshape(spec["shape"])


def layers_of(workload, weights):
    """The model as the shapes of its weights tell it: HWIO filters, each followed by a 2x2 pooling, then matrices."""
    convs = [i for i in range(0, len(weights), 2) if weights[i].ndim == 4]
    return convs, [i for i in range(0, len(weights), 2) if weights[i].ndim == 2]


class Model:
    """A train step's network: channels first, the dense rows after an image put into that order."""

    def __init__(self, workload, inputs, device):
        named = sorted((n for n in inputs if n.startswith("weight")), key=lambda n: int(n[6:]))
        values = [inputs[name] for name in named]
        self.convs, self.denses = layers_of(workload, values)
        self.padding = {"mnist_cnn": 0, "mnist_5x5": 2, "cifar10_cnn": 1, "tiny": 0}[workload["model"]]
        channels = values[self.convs[-1]].shape[3]
        self.parameters = []
        for i, value in enumerate(values):
            if value.ndim == 4:
                value = value.transpose(3, 2, 0, 1)
            elif value.ndim == 2:
                if i == self.denses[0]:
                    side = int(round((value.shape[0] // channels) ** 0.5))
                    value = value.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(value.shape)
                value = value.T
            tensor = torch.tensor(np.ascontiguousarray(value), device=device, requires_grad=True)
            self.parameters.append(tensor)

    def loss(self, images, labels):
        x = images
        for i in self.convs:
            x = F.max_pool2d(F.relu(F.conv2d(x, self.parameters[i], self.parameters[i + 1], padding=self.padding)), 2)
        x = x.flatten(1)
        for i in self.denses:
            x = F.linear(x, self.parameters[i], self.parameters[i + 1])
            if i != self.denses[-1]:
                x = F.relu(x)
        return F.cross_entropy(x, labels)


def nchw(array, device):
    return torch.tensor(np.ascontiguousarray(array.transpose(0, 3, 1, 2)), device=device)


def prepare(workload, device):
    """A function that runs one call and returns its result on the device, and one that turns that into the answer."""
    inputs = {spec["name"]: input_values(spec) for spec in workload["inputs"]}
    kind = workload["kind"]
    on = {name: torch.tensor(value, device=device) for name, value in inputs.items() if value.ndim != 4}
    nhwc = lambda y: y.permute(0, 2, 3, 1)
    if kind == "matmul":
        a = on["a"].T if workload["transposeA"] else on["a"]
        b = on["b"].T if workload["transposeB"] else on["b"]
        if workload["data"] == "host":
            pair = [torch.tensor(inputs[name]) for name in ("a", "b")]
            return (lambda: (pair[0].to(device) @ pair[1].to(device)).cpu()), (lambda y: y)
        return (lambda: a @ b), (lambda y: y)
    if kind == "conv2d":
        pad = workload["pad"]
        x_shape = [workload[k] for k in ("n", "c", "h", "w")]
        w_shape = [workload["o"], workload["c"], workload["kernel"], workload["kernel"]]
        w = inputs.get("w")
        if w is not None:
            w = torch.tensor(np.ascontiguousarray(w.transpose(3, 2, 0, 1)), device=device)
        if workload["pass"] == "forward":
            x = nchw(inputs["x"], device)
            return (lambda: F.conv2d(x, w, padding=pad)), nhwc
        dy = nchw(inputs["dy"], device)
        if workload["pass"] == "backward_input":
            return (lambda: torch.nn.grad.conv2d_input(x_shape, w, dy, padding=pad)), nhwc
        x = nchw(inputs["x"], device)
        return (
            lambda: torch.nn.grad.conv2d_weight(x, w_shape, dy, padding=pad),
            lambda dw: dw.permute(2, 3, 1, 0),
        )
    if kind == "max_pool2d":
        x = nchw(inputs["x"], device)
        if workload["pass"] == "forward":
            return (lambda: F.max_pool2d(x, 2)), nhwc
        x.requires_grad_()
        dy = nchw(inputs["dy"], device)
        y = F.max_pool2d(x, 2)
        return (lambda: torch.autograd.grad(y, x, dy, retain_graph=True)[0]), nhwc
    if kind == "softmax_cross_entropy":
        logits, labels = on["logits"].requires_grad_(), on["labels"]
        return (lambda: torch.autograd.grad(F.cross_entropy(logits, labels), logits)[0]), (lambda y: y)
    if kind == "adam":
        p = on["p"].requires_grad_()
        p.grad = on["g"]
        optimizer = adam(workload, [p], device)

        def step():
            optimizer.step()
            return p.detach()

        return step, (lambda y: y[:ADAM_COMPARED])
    if kind == "relu":
        return (lambda: torch.relu(on["a"])), (lambda y: y)
    if kind == "add":
        return (lambda: on["a"] + on["b"]), (lambda y: y)
    if kind in ("train_step", "network_step"):
        is_network = kind == "network_step"
        model = (network_of if is_network else Model)(workload, inputs, device)
        given = "input" if is_network else "images"
        images = nchw(inputs[given], device) if inputs[given].ndim == 4 else on[given]
        labels = on["labels"]
        optimizer = adam(workload, model.parameters, device)

        def step():
            for parameter in model.parameters:
                parameter.grad = None
            loss = model.loss(images, labels)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step, (lambda y: y)
    raise ValueError(f"{workload['name']}: no PyTorch program for kind {kind}")


class Network:
    """The networks of networks.ts. Weights are taken one after another: filters OIHW, matrices [in, out]."""

    def __init__(self, workload, weights):
        self.forward = getattr(self, workload["network"].removesuffix("_tiny"))
        self.heads = 2 if workload["network"].endswith("_tiny") else 4
        self.parameters = weights

    def logits(self, given):
        waiting = list(reversed(self.parameters))
        return self.forward(waiting, waiting.pop, given)

    def norm(self, x, axes, scale, bias):
        variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
        return (x - mean) * torch.rsqrt(variance + 1e-5) * scale + bias

    def resnet(self, waiting, take, x):
        def block(x, stride):
            w = take()
            y = F.conv2d(x, w, stride=stride, padding=w.shape[2] // 2)
            return self.norm(y, (0, 2, 3), take().reshape(-1, 1, 1), take().reshape(-1, 1, 1))

        x, stride = F.relu(block(x, 1)), 1
        while len(waiting) > 2:
            inner = block(F.relu(block(x, stride)), 1)
            x = F.relu(inner + (x if stride == 1 else block(x, stride)))
            stride = 2
        return x.mean((2, 3)) @ take() + take()

    def transformer(self, waiting, take, tokens):
        x = F.embedding(tokens, take())
        x = x + take()
        (batch, steps, width), dense = x.shape, (lambda y: y @ take() + take())
        apart = lambda y: y.reshape(batch, steps, self.heads, width // self.heads).transpose(1, 2)
        while len(waiting) > 4:
            y = self.norm(x, -1, take(), take())
            q, k, v = (apart(dense(y)) for _ in range(3))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, steps, width)
            x = x + dense(y)
            y = self.norm(x, -1, take(), take())
            x = x + dense(F.gelu(dense(y), approximate="tanh"))
        return dense(self.norm(x, -1, take(), take()))

    def lstm(self, waiting, take, tokens):
        x = F.embedding(tokens, take())
        inputs, recurrent, bias = take(), take(), take()
        h = c = x.new_zeros(x.shape[0], recurrent.shape[0])
        for sums in (x @ inputs + bias).unbind(1):
            i, f, candidate, o = (sums + h @ recurrent).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * candidate.tanh()
            h = o.sigmoid() * c.tanh()
        return h @ take() + take()

    def loss(self, given, labels):
        logits = self.logits(given)
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


def network_of(workload, inputs, device):
    named = sorted((n for n in inputs if n.startswith("weight")), key=lambda n: int(n[6:]))
    values = [inputs[n].transpose(3, 2, 0, 1) if inputs[n].ndim == 4 else inputs[n] for n in named]
    return Network(workload, [torch.tensor(np.ascontiguousarray(v), device=device).requires_grad_() for v in values])


def adam(workload, parameters, device):
    betas = (workload["beta1"], workload["beta2"])
    # A graph can hold the step count only when it lives on the device.
    return torch.optim.Adam(parameters, workload["lr"], betas, workload["eps"], capturable=device.type == "cuda")


def captured(workload, device):
    """The same program replayed as a CUDA graph; its warm-up runs are not part of the answer."""
    call, answer = prepare(workload, device)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()

    def replay():
        graph.replay()
        return result

    return replay, answer


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def check(answer, sample, tolerance):
    """Largest difference from Facet's sample; raises when it is out of tolerance."""
    own = answer.detach().reshape(-1).double().cpu().numpy()[sample["indices"]]
    expected = np.array(sample["values"], dtype=np.float64)
    difference = np.abs(own - expected)
    if not np.all(difference <= tolerance["atol"] + tolerance["rtol"] * np.abs(expected)):
        raise ArithmeticError(f"wrong answer: differs from Facet's by {difference.max():.3g}")
    return float(difference.max(initial=0.0))


def measure(call, device, budget_ms):
    """Medians and quartiles in ms per call, calls grouped to some 12 ms and waited for together, as sample.ts does."""
    for _ in range(2):
        began = time.perf_counter()
        call()
        synchronize(device)
        once = (time.perf_counter() - began) * 1e3
    repeats = max(1, min(200, round(12 / (once + 0.01))))
    samples, started = [], time.perf_counter()
    while len(samples) < 3 or (len(samples) < 64 and (time.perf_counter() - started) * 1e3 < budget_ms):
        began = time.perf_counter()
        for _ in range(repeats):
            call()
        synchronize(device)
        samples.append((time.perf_counter() - began) * 1e3 / repeats)
    samples.sort()
    at = lambda part: samples[min(len(samples) - 1, int(part * len(samples)))]
    return {"medianMs": statistics.median(samples), "lowMs": at(0.25), "highMs": at(0.75), "samples": len(samples)}


def modes(device):
    """Name, TF32, graph."""
    if device.type != "cuda":
        return [("PyTorch fp32", False, False)]
    return [
        ("PyTorch fp32", False, False),
        ("PyTorch fp32 graph", False, True),
        ("PyTorch TF32", True, False),
        ("PyTorch TF32 graph", True, True),
    ]


def bench(row, device, budget_ms):
    workload, entries = row["workload"], {}
    for name, tf32, graph in modes(device):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        try:
            if graph and workload["data"] == "host":
                raise NotImplementedError("a graph does not hold copies from and to pageable host memory")
            call, answer = prepare(workload, device)
            for _ in range(workload["calls"]):
                result = call()
            tolerance = workload["tolerance"]
            if tf32 and workload["kind"] in ("matmul", "conv2d", "train_step", "network_step"):
                scale = float(np.abs(row["sample"]["values"]).max(initial=1.0))
                tolerance = {"rtol": TF32_TOLERANCE["rtol"], "atol": TF32_TOLERANCE["atol"] * scale}
            difference = check(answer(result), row["sample"], tolerance)
            if graph:
                call, _ = captured(workload, device)
            entries[name] = {"timing": measure(call, device, budget_ms), "maxDifference": difference}
        except (ArithmeticError, NotImplementedError, RuntimeError) as error:
            entries[name] = {"lacking": str(error).splitlines()[0]}
    return {"workload": workload["name"], "entries": entries}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", required=True, help="JSON that the bench wrote: workloads and sampled answers")
    parser.add_argument("--out", required=True, help="where the timings go, as JSON")
    parser.add_argument("--device", default="cuda", help="cuda (default) or cpu")
    parser.add_argument("--filter", default="", help="only workloads whose name holds this text")
    parser.add_argument("--budget", type=float, default=150, help="ms spent on one row and mode (default 150)")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: PyTorch sees no CUDA device; --device cpu runs on the processor")
    torch.backends.cudnn.benchmark = True
    with open(options.report, encoding="utf-8") as file:
        rows = [row for row in json.load(file)["peers"] if options.filter in row["workload"]["name"]]
    if not rows:
        parser.error(f"--filter: no workload of {options.report} matches {options.filter!r}")
    results = []
    for i, row in enumerate(rows):
        print(f"{i + 1}/{len(rows)}: {row['workload']['name']}", file=sys.stderr)
        results.append(bench(row, device, options.budget))
    versions = {"torch": torch.__version__}
    if device.type == "cuda":
        versions["cuda"] = f"{torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump({"device": name, "versions": versions, "peers": results}, file, indent=1)


if __name__ == "__main__":
    main()

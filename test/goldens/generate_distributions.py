"""Writes what PyTorch's distributions compute: distributions.json.

Run: python3 test/goldens/generate_distributions.py    (the Python that has PyTorch; seconds)

    { "generator", "torch", "cases": [{ "class", "given", "values", "batch_shape", "event_shape", "text", "of": { name: numbers } }],
      "divergences": [{ "class", "p", "q", "kl" }] }

"of" has log_prob, cdf at "values", icdf at three levels, gradients of the sum of log_prob by the parameters that are tensors, and
mean, variance, stddev, mode, entropy and perplexity where they are there. What is not finite is a word.
"""

import json
import math
import pathlib

import torch
import torch.distributions as D

FOLDER = pathlib.Path(__file__).resolve().parent
MATRIX = [[2.0, 0.5], [0.5, 1.0]]
TRIL = [[1.5, 0.0], [-0.5, 0.75]]
LEVELS = [0.1, 0.5, 0.8]
CASES = [
    ("Normal", {"loc": [0.5, -1.0], "scale": [0.25, 2.0]}, [0.75, 0.5]),
    ("Normal", {"loc": 0.0, "scale": 1.0}, 0.5),
    ("LogNormal", {"loc": [0.5, -1.0], "scale": [0.25, 0.75]}, [0.75, 0.5]),
    ("Laplace", {"loc": [0.5, -1.0], "scale": [0.25, 2.0]}, [0.75, -1.5]),
    ("Cauchy", {"loc": [0.5, -1.0], "scale": [0.25, 2.0]}, [0.75, -1.5]),
    ("Gumbel", {"loc": [0.5, -1.0], "scale": [0.25, 2.0]}, [0.75, -1.5]),
    ("HalfNormal", {"scale": [0.25, 2.0]}, [0.75, 1.5]),
    ("Uniform", {"low": [0.0, -1.0], "high": [1.0, 2.0]}, [0.25, 0.5]),
    ("Exponential", {"rate": [0.5, 2.0]}, [0.25, 1.5]),
    ("Gamma", {"concentration": [0.5, 2.0], "rate": [1.5, 0.5]}, [0.25, 1.5]),
    ("Beta", {"concentration1": [0.5, 2.0], "concentration0": [1.5, 3.0]}, [0.25, 0.75]),
    ("Dirichlet", {"concentration": [[0.5, 2.0, 1.5], [1.0, 3.0, 2.0]]}, [[0.25, 0.25, 0.5], [0.125, 0.375, 0.5]]),
    ("Poisson", {"rate": [0.5, 3.0]}, [1.0, 4.0]),
    ("Bernoulli", {"probs": [0.25, 0.75]}, [1.0, 0.0]),
    ("Bernoulli", {"logits": [0.5, -1.5]}, [1.0, 0.0]),
    ("Geometric", {"probs": [0.25, 0.75]}, [2.0, 0.0]),
    ("Geometric", {"logits": [0.5, -1.5]}, [1.0, 3.0]),
    ("Categorical", {"probs": [[1.0, 2.0, 1.0], [0.25, 0.0, 0.75]]}, [1, 2]),
    ("Categorical", {"logits": [0.5, -1.5, 1.0, 0.0]}, [[1, 2], [0, 3]]),
    ("OneHotCategorical", {"probs": [[1.0, 2.0, 1.0]]}, [[0.0, 1.0, 0.0]]),
    ("OneHotCategorical", {"logits": [0.5, -1.5, 1.0]}, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    ("MultivariateNormal", {"loc": [0.5, -1.0], "covariance_matrix": MATRIX}, [[0.25, 0.5], [1.0, -1.0]]),
    ("MultivariateNormal", {"loc": [0.5, -1.0], "precision_matrix": MATRIX}, [0.25, 0.5]),
    ("MultivariateNormal", {"loc": [[0.5, -1.0], [0.0, 0.0]], "scale_tril": TRIL}, [0.25, 0.5]),
]
PAIRS = [
    ("Normal", {"loc": 0.5, "scale": 2.0}, {"loc": -0.5, "scale": 0.75}),
    ("HalfNormal", {"scale": 2.0}, {"scale": 0.75}),
    ("LogNormal", {"loc": 0.5, "scale": 2.0}, {"loc": -0.5, "scale": 0.75}),
    ("Bernoulli", {"probs": [0.25, 0.5]}, {"probs": [0.5, 0.125]}),
    ("Categorical", {"probs": [0.25, 0.5, 0.25]}, {"logits": [0.5, 0.125, -1.0]}),
    ("OneHotCategorical", {"probs": [0.25, 0.5, 0.25]}, {"logits": [0.5, 0.125, -1.0]}),
    ("Geometric", {"probs": [0.25, 0.5]}, {"probs": [0.5, 0.125]}),
    ("Poisson", {"rate": 2.0}, {"rate": 0.75}),
    ("Uniform", {"low": [0.25, 0.0], "high": [0.5, 1.0]}, {"low": [0.0, 0.5], "high": [1.0, 2.0]}),
    ("Exponential", {"rate": 2.0}, {"rate": 0.75}),
    ("Laplace", {"loc": 0.5, "scale": 2.0}, {"loc": -0.5, "scale": 0.75}),
    ("Gamma", {"concentration": 0.5, "rate": 2.0}, {"concentration": 1.5, "rate": 0.75}),
    ("Beta", {"concentration1": 0.5, "concentration0": 2.0}, {"concentration1": 1.5, "concentration0": 0.75}),
    ("Dirichlet", {"concentration": [0.5, 2.0]}, {"concentration": [1.5, 0.75]}),
    ("MultivariateNormal", {"loc": [0.5, 1.0], "covariance_matrix": MATRIX}, {"loc": [0.0, 0.25], "scale_tril": TRIL}),
]


def tensors(given, track):
    return {key: torch.tensor(each, requires_grad=track) if isinstance(each, list) else each for key, each in given.items()}


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value if math.isfinite(value) else str(value)


def attempt(body):
    try:
        return plain(body())
    except (NotImplementedError, AttributeError):
        return None


def run(name, given, values):
    own = getattr(D, name)(**tensors(given, False))
    text = str(own)
    value = torch.tensor(values)
    levels = torch.tensor(LEVELS).reshape(-1, *[1] * len(own.batch_shape))
    tracked = tensors(given, True)
    if any(isinstance(each, torch.Tensor) for each in tracked.values()):
        getattr(D, name)(**tracked).log_prob(value).sum().backward()
    found = {
        "log_prob": attempt(lambda: own.log_prob(value)),
        "cdf": attempt(lambda: own.cdf(value)),
        "icdf": attempt(lambda: own.icdf(levels)),
        **{each: attempt(lambda: getattr(own, each)) for each in ("mean", "variance", "stddev", "mode")},
        **{each: attempt(lambda: getattr(own, each)()) for each in ("entropy", "perplexity")},
        "gradients": {key: plain(each.grad) for key, each in tracked.items() if isinstance(each, torch.Tensor)},
    }
    return {
        **{"class": name, "given": given, "values": values, "text": text},
        **{"batch_shape": list(own.batch_shape), "event_shape": list(own.event_shape)},
        "of": {key: each for key, each in found.items() if each is not None},
    }


def divergence(name, p, q):
    make = lambda given: getattr(D, name)(**tensors(given, False))
    return {"class": name, "p": p, "q": q, "kl": plain(D.kl_divergence(make(p), make(q)))}


if __name__ == "__main__":
    head = {"generator": "test/goldens/generate_distributions.py", "torch": torch.__version__}
    rows = ",\n".join(json.dumps(run(*each)) for each in CASES)
    pairs = ",\n".join(json.dumps(divergence(*each)) for each in PAIRS)
    text = f'{json.dumps(head)[:-1]}, "cases": [\n{rows}\n], "divergences": [\n{pairs}\n]}}\n'
    (FOLDER / "distributions.json").write_text(text, encoding="utf-8")

"""Golden cases of losses, over their reductions, and of their arguments."""

import torch
import torch.nn.functional as F

from torch_cases import double, gradient_case, integers, normal, seed, uniform

REDUCTIONS = ("none", "mean", "sum")
N, C = 6, 5


def cross_entropy_case(name, x, target, reduction, weight=None, ignore_index=-100, label_smoothing=0.0):
    options = {"reduction": reduction, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    function = lambda x, target, weight=None: F.cross_entropy(x, target, weight=weight, **options)
    inputs, constants = {"x": x}, ({} if weight is None else {"weight": weight})
    (inputs if target.is_floating_point() else constants)["target"] = target
    return gradient_case(name, "cross_entropy", function, inputs, constants, options)


def cross_entropy_cases():
    labels = torch.tensor([3, 0, 4, 1, 1, 2])
    some_ignored = torch.tensor([3, -100, 4, 1, -100, 2])
    ignore_1 = {"ignore_index": 1}
    for reduction in REDUCTIONS:
        for name, target, weighted, options in (
            ("plain", labels, False, {}),
            ("ignored", some_ignored, False, {}),
            ("ignore_index_1", labels, False, ignore_1),
            ("weighted", labels, True, {}),
            ("smoothing", labels, False, {"label_smoothing": 0.1}),
            ("smoothing_ignored", some_ignored, False, {"label_smoothing": 0.1}),
            ("smoothing_weighted", labels, True, {"label_smoothing": 0.1}),
            ("everything", labels, True, {"label_smoothing": 0.2, **ignore_1}),
            ("probabilities", None, False, {}),
            ("probabilities_weighted", None, True, {}),
            ("probabilities_smoothing", None, False, {"label_smoothing": 0.1}),
            ("probabilities_everything", None, True, {"label_smoothing": 0.2}),
        ):
            seed("cross_entropy", f"{name}_{reduction}")
            weight = uniform(C, low=0.2, high=2.0) if weighted else None
            probabilities = double(torch.softmax(normal(N, C), dim=1))
            target = probabilities if target is None else target
            yield cross_entropy_case(f"{name}_{reduction}", normal(N, C), target, reduction, weight, **options)
        seed("cross_entropy", f"spatial_{reduction}")
        target = integers(2, 3, 4, high=C)
        yield cross_entropy_case(f"spatial_{reduction}", normal(2, C, 3, 4), target, reduction)
        seed("cross_entropy", f"one_hot_{reduction}")
        one_hot = F.one_hot(labels, C).double()
        yield cross_entropy_case(f"one_hot_{reduction}", normal(N, C), one_hot, reduction)
        seed("cross_entropy", f"large_logits_{reduction}")
        x = double([[1000.0, 0.0, -1000.0, 5.0, 2.0], [-3e4, -3e4, -3.0001e4, -3e4, -3e4]])
        yield cross_entropy_case(f"large_logits_{reduction}", x, torch.tensor([1, 2]), reduction)
        # nothing counts: the mean is 0 / 0
        seed("cross_entropy", f"all_ignored_{reduction}")
        yield cross_entropy_case(f"all_ignored_{reduction}", normal(3, C), torch.tensor([-100] * 3), reduction)


def losses_cases():
    for reduction in REDUCTIONS:
        options = {"reduction": reduction}
        for name, weighted, ignore_index in (("plain", False, -100), ("weighted_ignore_1", True, 1)):
            label = f"nll_loss_{name}_{reduction}"
            seed("losses", label)
            nll = {**options, "ignore_index": ignore_index}
            constants = {"target": torch.tensor([3, 0, 4, 1, 1, 2])}
            constants |= {"weight": uniform(C, low=0.2, high=2.0)} if weighted else {}
            inputs = {"x": double(torch.log_softmax(normal(N, C), dim=1))}
            function = lambda x, target, weight=None: F.nll_loss(x, target, weight, **nll)
            yield gradient_case(label, "nll_loss", function, inputs, constants, nll)
        for fn in ("mse_loss", "l1_loss"):
            label = f"{fn}_{reduction}"
            seed("losses", label)
            inputs = {"x": normal(3, 4), "target": normal(3, 4)}
            function = lambda x, target: getattr(F, fn)(x, target, **options)
            yield gradient_case(label, fn, function, inputs, options=options)
        for name in ("plain", "weighted", "pos_weight"):
            label = f"binary_cross_entropy_with_logits_{name}_{reduction}"
            seed("losses", label)
            x = torch.cat([normal(4, 3), double([[-100.0, 0.0, 100.0], [40.0, -40.0, 15.0]])])
            target = torch.cat([double(torch.rand(4, 3)), double([[1.0, 0.0, 0.0], [1.0, 0.0, 0.5]])])
            constants = {"target": target}
            constants |= {"weight": uniform(6, 3, low=0.2, high=2.0)} if name == "weighted" else {}
            constants |= {"pos_weight": uniform(3, low=0.5, high=3.0)} if name == "pos_weight" else {}
            function = lambda x, **rest: F.binary_cross_entropy_with_logits(x, **rest, **options)
            yield gradient_case(label, "binary_cross_entropy_with_logits", function, {"x": x}, constants, options)

"""Writes what PyTorch's schedules do to learning rates and momenta: schedules.json.

Run: python3 test/goldens/generate_schedules.py    (the Python that has PyTorch; seconds)

    { "generator", "torch", "cases": [{ "name", "optimizer", "lrs", "make", "steps", "rates", "momenta", "state" }] }

"make" is [class, keywords]; schedules inside are such pairs, functions of the number of steps are {"power": base}. "steps" lists
what step() is given, [] as a rule. "rates" and "momenta" are those of all groups after the constructor and after every step.
"""

import json
import math
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler

FOLDER = pathlib.Path(__file__).resolve().parent
warnings.simplefilter("ignore")

power = lambda base: {"power": base}
STEPS = [[]] * 9
CASES = [
    ("LambdaLR", ["LambdaLR", {"lr_lambda": power(0.9)}], STEPS),
    ("LambdaLR of two groups", ["LambdaLR", {"lr_lambda": [power(0.9), power(0.5)]}], STEPS),
    ("MultiplicativeLR", ["MultiplicativeLR", {"lr_lambda": power(0.95)}], STEPS),
    ("StepLR", ["StepLR", {"step_size": 3}], STEPS),
    ("StepLR with gamma", ["StepLR", {"step_size": 2, "gamma": 0.5}], STEPS),
    ("StepLR at epochs", ["StepLR", {"step_size": 2, "gamma": 0.5}], [[0], [5], [2], [], []]),
    ("MultiStepLR", ["MultiStepLR", {"milestones": [2, 5, 5], "gamma": 0.5}], STEPS),
    ("MultiStepLR at epochs", ["MultiStepLR", {"milestones": [2, 5, 5], "gamma": 0.5}], [[6], [2], [1], []]),
    ("ConstantLR", ["ConstantLR", {}], STEPS),
    ("ConstantLR with a factor", ["ConstantLR", {"factor": 0.25, "total_iters": 3}], STEPS),
    ("ConstantLR at epochs", ["ConstantLR", {"factor": 0.25, "total_iters": 3}], [[3], [1], []]),
    ("LinearLR", ["LinearLR", {}], STEPS),
    ("LinearLR down", ["LinearLR", {"start_factor": 1.0, "end_factor": 0.25, "total_iters": 4}], STEPS),
    ("LinearLR at epochs", ["LinearLR", {"start_factor": 0.5, "total_iters": 4}], [[3], [7], [1], []]),
    ("ExponentialLR", ["ExponentialLR", {"gamma": 0.9}], STEPS),
    ("ExponentialLR at epochs", ["ExponentialLR", {"gamma": 0.9}], [[4], [2], []]),
    ("PolynomialLR", ["PolynomialLR", {}], STEPS),
    ("PolynomialLR squared", ["PolynomialLR", {"total_iters": 6, "power": 2.0}], STEPS),
    ("PolynomialLR at epochs", ["PolynomialLR", {"total_iters": 6, "power": 2.0}], [[4], [9], [1]]),
    ("CosineAnnealingLR", ["CosineAnnealingLR", {"T_max": 4}], STEPS),
    ("CosineAnnealingLR with a minimum", ["CosineAnnealingLR", {"T_max": 5, "eta_min": 0.01}], [[]] * 12),
    ("CosineAnnealingLR at epochs", ["CosineAnnealingLR", {"T_max": 5, "eta_min": 0.01}], [[3], [8], []]),
    ("CosineAnnealingWarmRestarts", ["CosineAnnealingWarmRestarts", {"T_0": 3}], STEPS),
    (
        "CosineAnnealingWarmRestarts doubling",
        ["CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}],
        STEPS,
    ),
    (
        "CosineAnnealingWarmRestarts at fractions",
        ["CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2}],
        [[0.5], [1.5], [2.25], [5.5], [7], [14.5], []],
    ),
    ("CosineAnnealingWarmRestarts at fractions of one length", ["CosineAnnealingWarmRestarts", {"T_0": 2}], [[0.5], [3.5]]),
    ("CyclicLR", ["CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3}], STEPS),
    (
        "CyclicLR halving",
        ["CyclicLR", {"base_lr": 0.01, "max_lr": [0.1, 0.2], "step_size_up": 2, "step_size_down": 3, "mode": "triangular2"}],
        [[]] * 12,
    ),
    (
        "CyclicLR in an exponential range",
        ["CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "mode": "exp_range", "gamma": 0.9}],
        STEPS,
    ),
    (
        "CyclicLR scaled by a function",
        [
            "CyclicLR",
            {
                **{"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "scale_fn": power(0.8), "scale_mode": "iterations"},
                **{"cycle_momentum": False},
            },
        ],
        STEPS,
    ),
    ("OneCycleLR", ["OneCycleLR", {"max_lr": 0.1, "total_steps": 9}], STEPS),
    (
        "OneCycleLR of three phases",
        [
            "OneCycleLR",
            {
                **{"max_lr": [0.1, 0.2], "epochs": 5, "steps_per_epoch": 2, "three_phase": True, "anneal_strategy": "linear"},
                **{"base_momentum": 0.7, "max_momentum": 0.9, "div_factor": 10.0, "final_div_factor": 100.0},
            },
        ],
        STEPS,
    ),
    ("OneCycleLR without momentum", ["OneCycleLR", {"max_lr": 0.1, "total_steps": 6, "cycle_momentum": False}], [[]] * 5),
    (
        "ReduceLROnPlateau",
        ["ReduceLROnPlateau", {"patience": 1, "cooldown": 1}],
        [[each] for each in (1.0, 0.9, 0.95, 0.9, 0.9, 0.9, 0.9, 0.2, 0.3, 0.3, 0.3)],
    ),
    (
        "ReduceLROnPlateau upwards",
        [
            "ReduceLROnPlateau",
            {"mode": "max", "factor": 0.5, "patience": 0, "threshold": 0.1, "threshold_mode": "abs", "min_lr": [0.02, 0.05]},
        ],
        [[each] for each in (0.1, 0.15, 0.3, 0.35, 0.35, 0.35)],
    ),
    (
        "ChainedScheduler",
        ["ChainedScheduler", {"schedulers": [["ConstantLR", {"total_iters": 2}], ["ExponentialLR", {"gamma": 0.9}]]}],
        STEPS,
    ),
    (
        "SequentialLR",
        [
            "SequentialLR",
            {
                "schedulers": [["LinearLR", {"total_iters": 3}], ["CosineAnnealingLR", {"T_max": 4}], ["StepLR", {"step_size": 2}]],
                "milestones": [3, 7],
            },
        ],
        [[]] * 12,
    ),
    (
        "SequentialLR of chained ones",
        [
            "SequentialLR",
            {
                "schedulers": [
                    ["ChainedScheduler", {"schedulers": [["ConstantLR", {}], ["StepLR", {"step_size": 1, "gamma": 0.5}]]}],
                    ["CosineAnnealingWarmRestarts", {"T_0": 3}],
                ],
                "milestones": [2],
            },
        ],
        STEPS,
    ),
]


def build(optimizer, given):
    name, keywords = given

    def value(key, each):
        if key == "schedulers":
            return [build(optimizer, inner) for inner in each]
        if isinstance(each, list) and each and isinstance(each[0], dict):
            return [value(key, inner) for inner in each]
        if isinstance(each, dict):
            base = each["power"]
            return lambda epoch: base**epoch
        return each

    made = {key: value(key, each) for key, each in keywords.items()}
    if name != "ChainedScheduler":
        made["optimizer"] = optimizer
    return getattr(lr_scheduler, name)(**made)


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if isinstance(value, (bool, int, str, type(None))) or math.isfinite(value) else str(value)


def run(name, make, steps, kind):
    lrs = [0.1, 0.2]
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in lrs]
    optimizer = torch.optim.SGD(groups, momentum=0.9) if kind == "SGD" else torch.optim.Adam(groups)
    schedule = build(optimizer, make)
    momentum = lambda group: group["betas"][0] if kind == "Adam" else group["momentum"]
    rates, momenta = [], []

    def note():
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append([momentum(group) for group in optimizer.param_groups])

    note()
    for given in steps:
        optimizer.step()
        schedule.step(*given)
        note()
    state = plain(schedule.state_dict())
    state.pop("optimizer", None)
    return {
        **{"name": name, "optimizer": kind, "lrs": lrs, "make": make, "steps": steps},
        **{"rates": rates, "momenta": momenta, "last": schedule.get_last_lr(), "state": state},
    }


if __name__ == "__main__":
    kinds = lambda make: ["SGD", "Adam"] if "momentum" in json.dumps(make) or make[0] in ("CyclicLR", "OneCycleLR") else ["SGD"]
    cases = [run(name, make, steps, kind) for name, make, steps in CASES for kind in kinds(make)]
    head = {"generator": "test/goldens/generate_schedules.py", "torch": torch.__version__}
    rows = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
    text = f'{json.dumps(head)[:-1]}, "cases": [\n{rows}\n]}}\n'
    (FOLDER / "schedules.json").write_text(text, encoding="utf-8")

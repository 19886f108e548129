"""Writes ten steps of every optimiser, as the real framework takes them. README.md describes the files.

Run: python3 test/goldens/generate_optimizers.py torch    (or keras, jax: the Python that has that framework)
"""

import os
import platform
import sys

import numpy as np

from golden_format import case, tensor, write
from inputs import Inputs

STEPS = 10
# The size of gradients changes on the way, and some change their sign.
SIZES = np.array([1, 4, 0.25, -0.25, 2, 1, -8, 0.5, 0.125, 1])

# name: class, options
TORCH = {
    "sgd": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    "sgd_nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    "adam": ("Adam", {"lr": 0.1, "weight_decay": 0.01}),
    "adam_amsgrad": ("Adam", {"lr": 0.1, "betas": [0.8, 0.5], "amsgrad": True}),
    "adamw": ("AdamW", {"lr": 0.1}),
    "adadelta": ("Adadelta", {}),
    "adadelta_options": ("Adadelta", {"lr": 0.5, "rho": 0.6, "eps": 0.01, "weight_decay": 0.1, "maximize": True}),
    "adagrad": ("Adagrad", {}),
    "adagrad_options": ("Adagrad", {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 0.01}),
    "adamax": ("Adamax", {}),
    "adamax_options": ("Adamax", {"lr": 0.1, "betas": [0.7, 0.6], "eps": 0.01, "weight_decay": 0.1}),
    "nadam": ("NAdam", {}),
    "nadam_options": ("NAdam", {"lr": 0.1, "betas": [0.7, 0.9], "weight_decay": 0.1, "momentum_decay": 0.1}),
    "nadam_decoupled": ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {}),
    "radam_options": ("RAdam", {"lr": 0.1, "betas": [0.7, 0.9], "eps": 0.01, "weight_decay": 0.1}),
    "radam_decoupled": ("RAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"lr": 0.1, "alpha": 0.7, "momentum": 0.9, "weight_decay": 0.1}),
    "rmsprop_centered": ("RMSprop", {"lr": 0.1, "alpha": 0.7, "eps": 0.01, "momentum": 0.5, "centered": True}),
    "adafactor": ("Adafactor", {}),
    "adafactor_options": ("Adafactor", {"lr": 0.1, "beta2_decay": -0.5, "eps": [0.01, 0.1], "d": 2.0, "weight_decay": 0.1, "maximize": True}),
    "asgd": ("ASGD", {"lr": 0.1}),
    "asgd_options": ("ASGD", {"lr": 0.1, "lambd": 0.5, "alpha": 0.5, "t0": 3, "weight_decay": 0.1}),
    "muon": ("Muon", {"lr": 0.1}),
    "muon_options": (
        "Muon",
        {"lr": 0.1, "weight_decay": 0.5, "momentum": 0.5, "nesterov": False, "ns_coefficients": [2.0, -1.5, 0.5], "ns_steps": 3, "adjust_lr_fn": "match_rms_adamw"},
    ),
    "rprop": ("Rprop", {}),
    "rprop_options": ("Rprop", {"lr": 0.1, "etas": [0.25, 1.5], "step_sizes": [0.05, 0.2]}),
}

KERAS = {
    "sgd": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {"learning_rate": 0.1, "amsgrad": True, "beta_2": 0.5}),
    "adamw": ("AdamW", {"learning_rate": 0.1}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"learning_rate": 0.1, "rho": 0.7, "momentum": 0.9, "weight_decay": 0.1}),
    "rmsprop_centered": ("RMSprop", {"learning_rate": 0.1, "momentum": 0.5, "epsilon": 0.01, "centered": True}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adagrad_options": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 0.01, "weight_decay": 0.1}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "adadelta_options": ("Adadelta", {"learning_rate": 0.5, "rho": 0.6, "epsilon": 0.01, "weight_decay": 0.1}),
    "adamax": ("Adamax", {"learning_rate": 0.1}),
    "adamax_options": ("Adamax", {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.6, "epsilon": 0.01, "weight_decay": 0.1}),
    "nadam": ("Nadam", {"learning_rate": 0.1}),
    "nadam_options": ("Nadam", {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.01, "weight_decay": 0.1}),
    "ftrl": ("Ftrl", {"learning_rate": 0.1}),
    "ftrl_options": (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.75,
            "initial_accumulator_value": 0.5,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.05,
            "beta": 0.1,
            "weight_decay": 0.1,
        },
    ),
    "lion": ("Lion", {"learning_rate": 0.1}),
    "lion_options": ("Lion", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.75, "weight_decay": 0.1}),
    "adafactor": ("Adafactor", {"learning_rate": 0.1}),
    "adafactor_options": (
        "Adafactor",
        {"learning_rate": 0.5, "beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 0.1, "clip_threshold": 2.0, "weight_decay": 0.1},
    ),
    "muon": ("Muon", {"learning_rate": 0.1}),
    "muon_options": (
        "Muon",
        {
            "learning_rate": 0.1,
            "adam_beta_1": 0.7,
            "adam_beta_2": 0.9,
            "adam_weight_decay": 0.1,
            "epsilon": 0.01,
            "weight_decay": 0.2,
            "muon_a": 2.0,
            "muon_b": -1.5,
            "muon_c": 0.5,
            "adam_lr_ratio": 0.5,
            "momentum": 0.5,
            "ns_steps": 3,
            "nesterov": False,
            "rms_rate": None,
        },
    ),
    "muon_clipped": ("Muon", {"learning_rate": 0.1, "global_clipnorm": 1.5}),
    "schedule_free_adamw": ("ScheduleFreeAdamW", {"learning_rate": 0.1}),
    "schedule_free_adamw_options": (
        "ScheduleFreeAdamW",
        {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.01, "warmup_steps": 4, "weight_decay": 0.1},
    ),
    "exclude_from_weight_decay": ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.5}),
    "lamb": ("Lamb", {"learning_rate": 0.1}),
    "lamb_options": ("Lamb", {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.01, "weight_decay": 0.1}),
    "clipnorm": ("Adam", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "clipnorm_lamb": ("Lamb", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "clipvalue": ("RMSprop", {"learning_rate": 0.1, "clipvalue": 0.25}),
    "global_clipnorm": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "global_clipnorm": 1.5}),
    "loss_scale_factor": ("Adam", {"learning_rate": 0.1, "epsilon": 0.01, "loss_scale_factor": 8.0}),
    "loss_scale_factor_clipnorm": ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0, "clipnorm": 0.1}),
    "accumulation": ("Adam", {"learning_rate": 0.1, "gradient_accumulation_steps": 3}),
    "accumulation_clipped": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "gradient_accumulation_steps": 2, "global_clipnorm": 1.0}),
    "ema": ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 4}),
    "ema_accumulation": (
        "Adam",
        {"learning_rate": 0.1, "use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2},
    ),
}

# name: function, arguments by name
JAX = {
    "adam_nesterov": ("adam", {"learning_rate": 0.1, "eps_root": 0.01, "nesterov": True}),
    "adamw_nesterov": ("adamw", {"learning_rate": 0.1, "b1": 0.7, "nesterov": True}),
    "adadelta": ("adadelta", {"learning_rate": 1.0}),
    "adadelta_options": ("adadelta", {"learning_rate": 0.5, "rho": 0.6, "eps": 0.01, "weight_decay": 0.1}),
    "adadelta_direction": ("adadelta", {"rho": 0.6}),
    "adagrad": ("adagrad", {"learning_rate": 0.1}),
    "adagrad_options": ("adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "eps": 0.01}),
    "adamax": ("adamax", {"learning_rate": 0.1}),
    "adamaxw": ("adamaxw", {"learning_rate": 0.1, "b1": 0.7, "b2": 0.6, "eps": 0.01, "weight_decay": 0.1}),
    "amsgrad": ("amsgrad", {"learning_rate": 0.1, "b2": 0.5}),
    "amsgrad_eps_root": ("amsgrad", {"learning_rate": 0.1, "b1": 0.7, "b2": 0.9, "eps": 0.01, "eps_root": 0.01}),
    "lion": ("lion", {"learning_rate": 0.1}),
    "lion_options": ("lion", {"learning_rate": 0.1, "b1": 0.5, "b2": 0.75, "weight_decay": 0.1}),
    "radam": ("radam", {"learning_rate": 0.1}),
    "radam_options": ("radam", {"learning_rate": 0.1, "b1": 0.7, "b2": 0.9, "eps": 0.01, "eps_root": 0.01, "threshold": 4.5}),
    "rmsprop": ("rmsprop", {"learning_rate": 0.1}),
    "rmsprop_outside": ("rmsprop", {"learning_rate": 0.1, "decay": 0.7, "eps": 0.01, "initial_scale": 0.5, "eps_in_sqrt": False}),
    "rmsprop_momentum": ("rmsprop", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "bias_correction": True}),
    "rmsprop_centered": ("rmsprop", {"learning_rate": 0.1, "decay": 0.7, "eps": 0.01, "centered": True, "momentum": 0.5}),
    "rprop": ("rprop", {"learning_rate": 0.1}),
    "rprop_options": (
        "rprop",
        {"learning_rate": 0.1, "eta_minus": 0.25, "eta_plus": 1.5, "min_step_size": 0.05, "max_step_size": 0.2},
    ),
    "lamb": ("lamb", {"learning_rate": 0.1}),
    "lamb_options": ("lamb", {"learning_rate": 0.1, "b1": 0.7, "b2": 0.9, "eps": 0.01, "eps_root": 0.01, "weight_decay": 0.1}),
    "lars": ("lars", {"learning_rate": 0.5}),
    "lars_options": (
        "lars",
        {"learning_rate": 0.5, "weight_decay": 0.1, "trust_coefficient": 0.1, "eps": 0.01, "momentum": 0.5, "nesterov": True},
    ),
    "adafactor": ("adafactor", {"learning_rate": 0.1}),
    "adafactor_factored": ("adafactor", {"learning_rate": 0.1, "min_dim_size_to_factor": 3}),
    "adafactor_options": (
        "adafactor",
        {
            "learning_rate": 0.1,
            "min_dim_size_to_factor": 2,
            "decay_rate": 0.5,
            "multiply_by_parameter_scale": False,
            "clipping_threshold": None,
            "momentum": 0.7,
            "weight_decay_rate": 0.1,
            "eps": 0.01,
        },
    ),
    "nadam": ("nadam", {"learning_rate": 0.1}),
    "nadamw": ("nadamw", {"learning_rate": 0.1, "b1": 0.7, "weight_decay": 0.1}),
    "sign_sgd": ("sign_sgd", {"learning_rate": 0.1}),
    "signum": ("signum", {"learning_rate": 0.1, "beta": 0.7}),
    "muon": ("contrib.muon", {"learning_rate": 0.1}),
    "muon_options": (
        "contrib.muon",
        {"learning_rate": 0.1, "beta": 0.5, "ns_steps": 3, "nesterov": False, "weight_decay": 0.1, "consistent_rms": 0.2, "adam_b1": 0.7, "adam_weight_decay": 0.2},
    ),
    "schedule_free_sgd": ("contrib.schedule_free_sgd", {"learning_rate": 0.1, "b1": 0.8, "weight_decay": 0.1}),
}


def torch_run(_name, fn, options, start, gradients):
    import torch

    parameters = [torch.nn.Parameter(torch.tensor(p)) for p in start]
    tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    optimizer = getattr(torch.optim, fn)(parameters, **tuples)
    for step in range(STEPS):
        for parameter, g in zip(parameters, gradients):
            parameter.grad = torch.tensor(g[step])
        optimizer.step()
        yield [parameter.detach().numpy().copy() for parameter in parameters]


def keras_run(name, fn, options, start, gradients):
    import keras

    keras.utils.clear_session()
    variables = [keras.Variable(value) for value in start]
    optimizer = getattr(keras.optimizers, fn)(**options)
    # It keeps `momentum.value` from before the update; with TensorFlow that is the variable itself and changes, with JAX it does not.
    if fn == "ScheduleFreeAdamW":
        frozen = lambda self: self._value + 0 if sys._getframe(1).f_code.co_name == "update_step" else self._value
        keras.Variable.value = property(frozen)
    if name.startswith("exclude"):
        optimizer.exclude_from_weight_decay(var_list=variables[:1])
    for step in range(STEPS):
        optimizer.apply_gradients(zip([g[step] for g in gradients], variables))
        yield [np.asarray(variable) for variable in variables]


def jax_run(_name, fn, options, start, gradients):
    import functools

    import jax.numpy as jnp
    import optax

    make = functools.reduce(getattr, fn.split("."), optax)
    params = [jnp.asarray(p) for p in start]
    optimizer = make(**options)
    state = optimizer.init(params)
    for step in range(STEPS):
        updates, state = optimizer.update([jnp.asarray(g[step]) for g in gradients], state, params)
        params = optax.apply_updates(params, updates)
        yield [np.asarray(p) for p in params]


def cases(file, table, run):
    for name, (fn, options) in table.items():
        inputs = Inputs(file, name)
        # torch's Muon is for matrices alone; optax' has NAdam for others, where it looks ahead.
        of_matrices = [("torch_optimizer_steps", "muon"), ("torch_optimizer_steps", "muon_options"), ("jax_optimizer_steps", "muon")]
        second = (2, 3) if (file, name) in of_matrices else (5,)
        start = [inputs.normal(4, 3), inputs.normal(*second)]
        gradients = [inputs.normal(STEPS, *p.shape) * SIZES.reshape(-1, *[1] * p.ndim) for p in start]
        after = list(run(name, fn, options, start, gradients))
        tensors = {}
        for i, (p, g) in enumerate(zip(start, gradients)):
            tensors |= {f"p{i}": p, f"g{i}": g, f"y{i}": np.stack([values[i] for values in after])}
        yield case(name, {"fn": fn, "options": options}, {k: tensor(v) for k, v in tensors.items()})


LBFGS = {
    "lbfgs": {"lr": 0.1, "max_iter": 4},
    "lbfgs_history": {"lr": 0.05, "max_iter": 6, "history_size": 2, "tolerance_change": 1e-3},
    "lbfgs_tolerance": {"lr": 0.1, "max_iter": 20, "tolerance_grad": 2.0},
    "lbfgs_strong_wolfe": {"max_iter": 3, "line_search_fn": "strong_wolfe"},
    "lbfgs_strong_wolfe_evaluations": {"lr": 30.0, "max_iter": 4, "max_eval": 6, "line_search_fn": "strong_wolfe"},
}


def lbfgs_cases(file):
    """Four steps down |A x - b|^2 / 2 + sum x^4 / 10, with x the elements of p0 and p1."""
    import torch

    for name, options in LBFGS.items():
        inputs = Inputs(file, name)
        start, matrix, b = [inputs.normal(4, 3), inputs.normal(5)], inputs.normal(20, 17), inputs.normal(20)
        parameters = [torch.nn.Parameter(torch.tensor(p)) for p in start]
        optimizer = torch.optim.LBFGS(parameters, **options)

        def closure():
            optimizer.zero_grad()
            x = torch.cat([p.flatten() for p in parameters])
            loss = ((torch.tensor(matrix) @ x - torch.tensor(b)) ** 2).sum() / 2 + (x**4).sum() / 10
            loss.backward()
            return loss

        after, losses, counts = [], [], []
        for _ in range(4):
            losses.append(optimizer.step(closure).item())
            after.append([p.detach().numpy().copy() for p in parameters])
            state = optimizer.state[parameters[0]]
            counts.append([state["func_evals"], state["n_iter"]])
        tensors = {f"p{i}": p for i, p in enumerate(start)} | {"a": matrix, "b": b, "loss": np.array(losses)}
        tensors |= {f"y{i}": np.stack([values[i] for values in after]) for i in range(2)}
        yield case(name, {"fn": "LBFGS", "options": options, "counts": counts}, {k: tensor(v) for k, v in tensors.items()})


def versions(framework):
    if framework == "torch":
        import torch

        torch.set_num_threads(1)
        return {"torch": torch.__version__}, TORCH, torch_run
    if framework == "keras":
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras

        keras.config.set_floatx("float64")
        return {"keras": keras.__version__}, KERAS, keras_run
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    return {"jax": jax.__version__, "optax": optax.__version__}, JAX, jax_run


if __name__ == "__main__":
    if sys.argv[1:] not in (["torch"], ["keras"], ["jax"]):
        sys.exit("which framework: torch, keras or jax?")
    own, table, run = versions(sys.argv[1])
    file = f"{sys.argv[1]}_optimizer_steps"
    header = {
        "generator": "test/goldens/generate_optimizers.py",
        "precision": "inputs are float32 values; computed in float64, rounded to float32",
        "seed": "numpy.random.default_rng(crc32('<file>/<case>')) draws the inputs of each case",
        **own,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    write(file, header, list(cases(file, table, run)))
    if sys.argv[1] == "torch":
        write("torch_lbfgs", header, list(lbfgs_cases("torch_lbfgs")))

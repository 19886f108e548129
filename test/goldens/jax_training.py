"""Golden cases of stax, of example_libraries.optimizers and of optax' transformations."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.example_libraries import optimizers

from golden_format import case
from inputs import Inputs
from jax_cases import NAMESPACES, filled, named, stored, tuples, wide

STEPS = 5


def layer_of(description):
    """["Conv", 4, [3, 3]] is a call, "Relu" a constant; serial, parallel and their like hold layers."""
    if isinstance(description, str):
        return named(f"stax.{description}")
    fn, *args = description
    inner = ("serial", "parallel")
    return named(f"stax.{fn}")(*(layer_of(a) if fn in inner else tuples(a) for a in args))


# name: layer, shape of the input
LAYERS = {
    "dense": (["Dense", 4], [3, 5]),
    "dense_rank_3": (["Dense", 2], [2, 3, 4]),
    "conv": (["Conv", 3, [3, 3]], [2, 6, 5, 2]),
    "conv_same_strides": (["Conv", 3, [3, 2], [2, 2], "SAME"], [2, 6, 7, 2]),
    "conv_same_even": (["Conv", 2, [2, 2], None, "SAME"], [1, 4, 5, 2]),
    "conv_pairs": (["Conv", 2, [3, 3], [2, 1], [[1, 0], [2, 1]]], [1, 6, 5, 2]),
    "general_conv_nchw": (["GeneralConv", ["NCHW", "OIHW", "NCHW"], 3, [3, 3], [2, 2], "SAME"], [2, 2, 6, 5]),
    "general_conv_chwn": (["GeneralConv", ["CHWN", "HWIO", "NHWC"], 3, [2, 3]], [2, 5, 6, 2]),
    "max_pool": (["MaxPool", [2, 2]], [2, 5, 4, 3]),
    "max_pool_strides_same": (["MaxPool", [3, 2], [2, 2], "SAME"], [2, 6, 7, 2]),
    "max_pool_nchw": (["MaxPool", [2, 3], [2, 1], "VALID", "NCHW"], [1, 2, 5, 6]),
    "avg_pool": (["AvgPool", [2, 3]], [1, 5, 4, 2]),
    "avg_pool_same": (["AvgPool", [3, 3], [2, 2], "SAME"], [2, 6, 7, 2]),
    "sum_pool": (["SumPool", [2, 2], [2, 2]], [1, 5, 4, 2]),
    "sum_pool_same": (["SumPool", [3, 2], [1, 2], "SAME"], [1, 5, 4, 2]),
    "flatten": ("Flatten", [2, 3, 4]),
    **{f.lower(): (f, [3, 4]) for f in ("Relu", "Tanh", "Exp", "Sigmoid", "Elu", "LeakyRelu", "Gelu", "Softplus", "Softmax", "LogSoftmax", "Identity")},
    "dropout": (["Dropout", 0.7], [5, 8]),
    "dropout_test": (["Dropout", 0.7, "test"], [5, 8]),
    "fan": (["serial", ["FanOut", 2], ["parallel", ["Dense", 3], "Identity"], ["FanInConcat"]], [2, 4]),
    "fan_sum": (["serial", ["FanOut", 3], ["parallel", ["Dense", 4], "Identity", "Tanh"], "FanInSum"], [2, 4]),
    "network": (
        [
            "serial",
            ["Conv", 4, [3, 3], None, "SAME"],
            "Relu",
            ["MaxPool", [2, 2], [2, 2]],
            ["Conv", 3, [3, 3]],
            "Elu",
            "Flatten",
            ["Dropout", 0.8],
            ["Dense", 5],
            "Tanh",
            ["Dense", 3],
            "LogSoftmax",
        ],
        [2, 8, 8, 1],
    ),
}
KINKED = ("MaxPool", "Relu", "Elu", "LeakyRelu", "serial")


def stax_cases():
    """p0, p1, ... are the parameters that init gives with key 0 in float32; the rest is computed on them in float64."""
    for name, (description, shape) in LAYERS.items():
        inputs = Inputs("jax_stax", name)
        init, apply = layer_of(description)
        with jax.enable_x64(False):
            output, params = init(jax.random.key(0), tuple(shape))
        leaves, structure = jax.tree.flatten(params)
        head = description if isinstance(description, str) else description[0]
        x = inputs.distinct(*shape) if head in KINKED else inputs.normal(*shape)
        with jax.enable_x64(True):
            # Dropout's draws are float32 below, and must be the same here.
            keep = {"rng": jax.random.key(1)}

            def f(x, *leaves):
                return apply(jax.tree.unflatten(structure, leaves), x, **keep)

            y, pullback = dropless(f, wide(x), *(wide(leaf) for leaf in leaves))
            dy = inputs.normal(*y.shape)
            gradients = pullback(jnp.asarray(dy))
        tensors = {"x": x, **{f"p{i}": leaf for i, leaf in enumerate(leaves)}, "y": y, "dy": dy, "dx": gradients[0]}
        tensors |= {f"dp{i}": g for i, g in enumerate(gradients[1:])}
        yield case(name, {"layer": description, "output": [int(n) for n in output]}, {k: stored(v) for k, v in tensors.items()})


def dropless(f, *args):
    """jax.vjp with bernoulli drawing the float32 uniforms it draws by default, also where 64-bit types are on."""
    original = jax.random.bernoulli

    def bernoulli(key, p=0.5, shape=None):
        return jax.random.uniform(key, shape, jnp.float32) < jnp.float32(p)

    jax.random.bernoulli = bernoulli
    try:
        return jax.vjp(f, *args)
    finally:
        jax.random.bernoulli = original


RATE = {"call": ["optimizers.exponential_decay", 0.1, 3, 0.5]}
# name: fn, args
OPTIMIZERS = {
    "sgd": ("sgd", [0.1]),
    "sgd_schedule": ("sgd", [RATE]),
    "momentum": ("momentum", [0.1, 0.9]),
    "momentum_schedule": ("momentum", [{"call": ["optimizers.inverse_time_decay", 0.1, 2, 1.5, True]}, 0.9]),
    "nesterov": ("nesterov", [0.1, 0.9]),
    "adam": ("adam", [0.1]),
    "adam_betas": ("adam", [0.1, 0.5, 0.9, 0.01]),
    "adam_schedule": ("adam", [{"call": ["optimizers.polynomial_decay", 0.1, 4, 0.01, 2.0]}]),
}
CONST = {"call": ["optax.constant_schedule", 0.1]}
DECAY = {"call": ["optax.exponential_decay", 0.1, 3, 0.5]}
STEPPED = {
    "call": ["optax.exponential_decay"],
    "kwargs": {"init_value": 0.2, "transition_steps": 2, "decay_rate": 0.5, "transition_begin": 1, "staircase": True},
}
TRANSFORMS = {
    "adam_by_name": {"call": ["optax.adam"], "kwargs": {"learning_rate": 0.1, "b2": 0.9}},
    "adam_stepped": {"call": ["optax.adam", STEPPED]},
    "adamw_mask": {"call": ["optax.adamw", 0.1], "kwargs": {"weight_decay": 0.5, "mask": [True, False]}},
    "adamw_decay_schedule": {"call": ["optax.adamw", 0.1, 0.9, 0.999, 1e-8, 0.0, None, DECAY]},
    "decay_schedule_mask": {
        "call": ["optax.chain", {"call": ["optax.add_decayed_weights", DECAY, [False, True]]}, {"call": ["optax.sgd", 0.1]}]
    },
    "decay_by_name": {
        "call": ["optax.chain", {"call": ["optax.add_decayed_weights"], "kwargs": {"weight_decay": 0.3}}, {"call": ["optax.sgd", 0.1]}]
    },
    "decay_mask_all": {
        "call": ["optax.chain", {"call": ["optax.add_decayed_weights", 0.3, True]}, {"call": ["optax.sgd", 0.1]}]
    },
    "rate_unflipped": {"call": ["optax.scale_by_learning_rate", 0.1], "kwargs": {"flip_sign": False}},
    "rate_none": {"call": ["optax.chain", {"call": ["optax.scale_by_learning_rate"]}, {"call": ["optax.scale", -0.1]}]},
    "scale_by_name": {"call": ["optax.scale"], "kwargs": {"step_size": -0.1}},
    "sgd": {"call": ["optax.sgd", 0.1]},
    "sgd_momentum": {"call": ["optax.sgd", 0.1, 0.9]},
    "sgd_nesterov": {"call": ["optax.sgd", 0.1], "kwargs": {"momentum": 0.9, "nesterov": True}},
    "sgd_schedule": {"call": ["optax.sgd", DECAY], "kwargs": {"momentum": 0.5}},
    "adam": {"call": ["optax.adam", 0.1]},
    "adam_betas": {"call": ["optax.adam", 0.1, 0.5, 0.9, 0.01]},
    "adam_eps_root": {"call": ["optax.adam", 0.1], "kwargs": {"eps": 0.01, "eps_root": 0.001}},
    "adam_schedule": {"call": ["optax.adam", DECAY]},
    "adam_constant": {"call": ["optax.adam", CONST]},
    "adamw": {"call": ["optax.adamw", 0.1]},
    "adamw_decay": {"call": ["optax.adamw", 0.1], "kwargs": {"weight_decay": 0.05, "b1": 0.8}},
    "adamw_schedule": {"call": ["optax.adamw", DECAY], "kwargs": {"weight_decay": 0.05}},
    "scale_by_adam": {"call": ["optax.scale_by_adam"], "kwargs": {"b2": 0.9}},
    "chain_clip_norm": {"call": ["optax.chain", {"call": ["optax.clip_by_global_norm", 1.0]}, {"call": ["optax.adam", 0.1]}]},
    "chain_clip": {"call": ["optax.chain", {"call": ["optax.clip", 0.5]}, {"call": ["optax.sgd", 0.1, 0.9]}]},
    "chain_parts": {
        "call": [
            "optax.chain",
            {"call": ["optax.scale_by_adam"]},
            {"call": ["optax.add_decayed_weights", 0.1]},
            {"call": ["optax.scale", 0.5]},
            {"call": ["optax.scale_by_learning_rate", DECAY]},
        ]
    },
    "adabelief": {"call": ["optax.adabelief", 0.1]},
    "adabelief_nesterov": {"call": ["optax.adabelief", DECAY, 0.8, 0.9, 1e-3, 1e-4], "kwargs": {"nesterov": True}},
    "yogi": {"call": ["optax.yogi", 0.1]},
    "scale_by_yogi": {"call": ["optax.chain", {"call": ["optax.scale_by_yogi", 0.8, 0.9, 0.01, 0.001, 0.1]}, {"call": ["optax.scale", -0.1]}]},
    "adan": {"call": ["optax.adan", 0.1], "kwargs": {"weight_decay": 0.1}},
    "novograd": {"call": ["optax.novograd", 0.1], "kwargs": {"weight_decay": 0.05}},
    "optimistic_gradient_descent": {"call": ["optax.optimistic_gradient_descent", 0.1, 0.8, 0.5]},
    "optimistic_adam": {"call": ["optax.optimistic_adam", 0.1, 0.05]},
    "optimistic_adam_v2": {"call": ["optax.optimistic_adam_v2", DECAY], "kwargs": {"alpha": 0.9}},
    "sm3": {"call": ["optax.sm3", 0.1]},
    "scale_by_sm3": {"call": ["optax.chain", {"call": ["optax.scale_by_sm3", 0.8, 0.9, 0.01]}, {"call": ["optax.scale", -0.1]}]},
    "fromage": {"call": ["optax.fromage", 0.1]},
    "fromage_schedule": {"call": ["optax.fromage", DECAY, 0.1]},
    "apply_every": {"call": ["optax.chain", {"call": ["optax.apply_every", 2]}, {"call": ["optax.sgd", 0.1]}]},
    "centralize": {"call": ["optax.chain", {"call": ["optax.centralize"]}, {"call": ["optax.sgd", 0.1]}]},
    "normalize_by_update_norm": {"call": ["optax.chain", {"call": ["optax.normalize_by_update_norm", 2.0]}, {"call": ["optax.sgd", 0.1]}]},
    "scale_by_param_block_norm": {"call": ["optax.chain", {"call": ["optax.scale_by_param_block_norm", 2.0]}, {"call": ["optax.sgd", 0.1]}]},
    "adaptive_grad_clip": {"call": ["optax.chain", {"call": ["optax.adaptive_grad_clip", 0.3]}, {"call": ["optax.sgd", 0.1]}]},
    "keep_params_nonnegative": {"call": ["optax.chain", {"call": ["optax.sgd", 0.5]}, {"call": ["optax.keep_params_nonnegative"]}]},
    "scale_by_schedule": {"call": ["optax.chain", {"call": ["optax.scale_by_schedule", DECAY]}, {"call": ["optax.scale", -1.0]}]},
    "masked": {"call": ["optax.masked", {"call": ["optax.adam", 0.1]}, [True, False]]},
    "masked_chain": {
        "call": ["optax.chain", {"call": ["optax.masked", {"call": ["optax.add_decayed_weights", 0.5]}, [False, True]]}, {"call": ["optax.sgd", 0.1]}]
    },
    "multi_steps": {"call": ["steps", {"call": ["optax.adam", 0.1]}, 2]},
    "multi_steps_sum": {"call": ["steps", {"call": ["optax.sgd", 0.1, 0.9]}, 3, False]},
    "inject": {"call": ["inject", "optax.adamw"], "kwargs": {"learning_rate": 0.1, "weight_decay": 0.05}},
    "inject_schedule": {"call": ["inject", "optax.sgd"], "kwargs": {"learning_rate": DECAY, "momentum": 0.9}},
    "partition": {"call": ["parts", {"call": ["optax.adam", 0.1]}, {"call": ["optax.set_to_zero"]}]},
    "partition_both": {"call": ["parts", {"call": ["optax.sgd", 0.1]}, {"call": ["optax.adamw", 0.1]}]},
    "named_chain": {"call": ["chained", {"call": ["optax.clip", 0.5]}, {"call": ["optax.sgd", 0.1, 0.9]}]},
    "clip_norm_at_bound": {"call": ["optax.chain", {"call": ["optax.clip_by_global_norm", 100.0]}, {"call": ["optax.scale", -1.0]}]},
}


# What takes Python's own objects, by short names.
MADE = {
    "steps": lambda optax, tx, k, mean=True: optax.MultiSteps(tx, k, use_grad_mean=mean),
    "inject": lambda optax, name, **kwargs: optax.inject_hyperparams(named(name))(**filled_values(kwargs)),
    "parts": lambda optax, a, b: optax.partition({"a": a, "b": b}, ["a", "b"]),
    "chained": lambda optax, a, b: optax.named_chain(("one", a), ("two", b)),
}


def filled_values(kwargs):
    return {key: filled(value, {}) for key, value in kwargs.items()}


def transformation(description):
    fn, *args = description["call"]
    if fn not in MADE:
        return filled(description, {})
    return MADE[fn](NAMESPACES["optax"], *filled(args, {}), **description.get("kwargs", {}))


def start(inputs):
    tensors = {"p0": inputs.normal(2, 3), "p1": inputs.normal(4)}
    gradients = {"g0": inputs.normal(STEPS, 2, 3), "g1": inputs.normal(STEPS, 4)}
    sizes = np.array([1, 4, 0.25, 0.25, 2])
    return tensors, {k: g * sizes.reshape(-1, *[1] * (g.ndim - 1)) for k, g in gradients.items()}


def trajectory(inputs, run):
    params, gradients = start(inputs)
    held = [jnp.asarray(p) for p in params.values()]
    after = run(held, [[jnp.asarray(g[i]) for g in gradients.values()] for i in range(STEPS)])
    tensors = {**params, **gradients, "y0": np.stack([a[0] for a in after]), "y1": np.stack([a[1] for a in after])}
    return {k: stored(v) for k, v in tensors.items()}


def optimizers_cases():
    with jax.enable_x64(True):
        for name, (fn, args) in OPTIMIZERS.items():

            def run(params, gradients):
                init, update, get_params = getattr(optimizers, fn)(*filled(args, {}))
                state, after = init(params), []
                for i, g in enumerate(gradients):
                    state = update(i, g, state)
                    after.append(get_params(state))
                return after

            params = {"optimizer": f"optimizers.{fn}", "args": args}
            yield case(f"optimizers_{name}", params, trajectory(Inputs("jax_optimizers", name), run))
        for name, description in TRANSFORMS.items():

            def run(params, gradients):
                optax = NAMESPACES["optax"]
                tx = transformation(description)
                state, after = tx.init(params), []
                for g in gradients:
                    updates, state = tx.update(g, state, params)
                    params = optax.apply_updates(params, updates)
                    after.append(params)
                return after

            yield case(f"optax_{name}", {"optax": description}, trajectory(Inputs("jax_optimizers", f"optax_{name}"), run))
        for name, schedule in {
            "exponential_decay": RATE,
            "inverse_time_decay": {"call": ["optimizers.inverse_time_decay", 0.5, 3, 1.5]},
            "inverse_time_decay_staircase": {"call": ["optimizers.inverse_time_decay", 0.5, 3, 1.5, True]},
            "polynomial_decay": {"call": ["optimizers.polynomial_decay", 0.5, 6, 0.1, 2.0]},
            "piecewise_constant": {"call": ["optimizers.piecewise_constant", [2, 5], [1.0, 0.5, 0.1]]},
            "constant": {"call": ["optimizers.constant", 0.3]},
            "make_schedule": {"call": ["optimizers.make_schedule", 0.3]},
            "optax_exponential_decay": {"call": ["optax.exponential_decay", 0.5, 4, 0.3]},
            "optax_constant_schedule": CONST,
            "optax_exponential_decay_stepped": STEPPED,
            "optax_exponential_decay_end": {"call": ["optax.exponential_decay", 0.5, 2, 0.3, 3, False, 0.1]},
            "optax_exponential_decay_rising": {"call": ["optax.exponential_decay", 0.5, 2, 1.5], "kwargs": {"end_value": 1.2}},
            "optax_exponential_decay_rate_0": {"call": ["optax.exponential_decay", 0.5, 2, 0.0]},
            "optax_exponential_decay_steps_0": {"call": ["optax.exponential_decay", 0.5, 0, 0.5]},
            "optax_polynomial": {"call": ["optax.polynomial_schedule", 1.0, 0.1, 2.0, 5, 2]},
            "optax_linear": {"call": ["optax.linear_schedule", 0.1, 1.0, 6]},
            "optax_linear_steps_0": {"call": ["optax.linear_schedule", 0.1, 1.0, 0]},
            "optax_cosine": {"call": ["optax.cosine_decay_schedule", 0.5, 7, 0.1, 1.5]},
            "optax_warmup_constant": {"call": ["optax.warmup_constant_schedule", 0.0, 1.0, 4]},
            "optax_warmup_cosine": {"call": ["optax.warmup_cosine_decay_schedule", 0.1, 1.0, 3, 8, 0.2, 1.5]},
            "optax_warmup_exponential": {"call": ["optax.warmup_exponential_decay_schedule", 0.1, 1.0, 3, 2, 0.5]},
            "optax_linear_onecycle": {"call": ["optax.linear_onecycle_schedule", 8, 1.0]},
            "optax_cosine_onecycle": {"call": ["optax.cosine_onecycle_schedule", 8, 1.0, 0.4, 10.0, 100.0]},
            "polynomial_decay_by_name": {
                "call": ["optimizers.polynomial_decay", 0.5],
                "kwargs": {"decay_steps": 6, "final_step_size": 0.1, "power": 3.0},
            },
        }.items():
            f = filled(schedule, {})
            y = [float(f(i)) for i in range(10)]
            yield case(f"schedule_{name}", {"schedule": schedule}, {"y": stored(y)})
        inputs = Inputs("jax_optimizers", "norms")
        tree = [inputs.normal(2, 3), inputs.normal(4)]
        arrays = {f"x{i}": x for i, x in enumerate(tree)}
        for fn, args in [("l2_norm", []), ("clip_grads", [1.5]), ("clip_grads", [50.0])]:
            y = jax.tree.leaves(getattr(optimizers, fn)([jnp.asarray(x) for x in tree], *args))
            tensors = {**arrays, **{f"y{i}": v for i, v in enumerate(y)}}
            name = "_".join(["norms", fn, *map(str, args)])
            yield case(name, {"norm": fn, "args": args}, {k: stored(v) for k, v in tensors.items()})

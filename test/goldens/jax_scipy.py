"""Golden cases of jax.scipy.stats, what else jax.scipy.special has, and distributions of jax.random: a row a call."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case, tuples

#: Parameters of distributions, and samples within and without their support.
LINE = np.array([-1.5, -0.25, 0.5, 2.0])
POSITIVE = np.array([-0.5, 0.25, 1.5, 4.0])
SHARE = np.array([-0.5, 0.125, 0.5, 0.875])
WHOLE = np.array([-1.0, 0.0, 1.0, 3.0])
LEVEL = np.array([0.125, 0.5, 0.875])
PLACED = {"loc": 0.25, "scale": 1.5}
STATS = [
    ("norm", "logpdf pdf cdf logcdf sf logsf", LINE, [], PLACED),
    ("cauchy", "logpdf pdf cdf logcdf sf logsf", LINE, [], PLACED),
    ("laplace", "logpdf pdf cdf", LINE, [], PLACED),
    ("logistic", "logpdf pdf cdf sf", LINE, [], PLACED),
    ("gumbel_r", "logpdf pdf cdf logcdf sf logsf", LINE, [], PLACED),
    ("gumbel_l", "logpdf pdf cdf logcdf sf logsf", LINE, [], PLACED),
    ("t", "logpdf pdf", LINE, [3.0], PLACED),
    ("gennorm", "logpdf pdf cdf", LINE, [1.5], {}),
    ("truncnorm", "logpdf pdf cdf logcdf sf logsf", LINE, [-1.0, 0.75], PLACED),
    ("truncnorm", "logpdf logcdf logsf", LINE, [0.125, 3.0], {}),
    ("uniform", "logpdf pdf cdf", LINE, [], PLACED),
    ("expon", "logpdf pdf cdf logcdf sf logsf", POSITIVE, [], PLACED),
    ("gamma", "logpdf pdf cdf logcdf sf logsf", POSITIVE, [2.5], PLACED),
    ("chi2", "logpdf pdf cdf logcdf sf logsf", POSITIVE, [3.0], PLACED),
    ("pareto", "logpdf pdf cdf logcdf sf logsf", POSITIVE, [2.5], {"loc": 0.25, "scale": 0.75}),
    ("vonmises", "logpdf pdf", LINE, [2.0], {}),
    ("wrapcauchy", "logpdf pdf", POSITIVE, [0.5], {}),
    ("beta", "logpdf pdf", SHARE, [2.0, 3.5], {}),
    ("bernoulli", "logpmf pmf cdf", WHOLE, [0.25], {}),
    ("binom", "logpmf pmf", WHOLE, [2.0, 0.25], {}),
    ("betabinom", "logpmf pmf", WHOLE, [2.0, 1.5, 2.5], {}),
    ("nbinom", "logpmf pmf", WHOLE, [2.0, 0.25], {}),
    ("geom", "logpmf pmf", WHOLE, [0.25], {}),
    ("poisson", "logpmf pmf cdf", WHOLE, [1.5], {}),
    ("norm", "ppf isf", LEVEL, [], PLACED),
    ("cauchy", "ppf isf", LEVEL, [], PLACED),
    ("logistic", "ppf isf", LEVEL, [], PLACED),
    ("expon", "ppf", LEVEL, [], PLACED),
    ("gumbel_r", "ppf", LEVEL, [], PLACED),
    ("gumbel_l", "ppf", LEVEL, [], PLACED),
    ("pareto", "ppf", LEVEL, [2.5], PLACED),
    ("uniform", "ppf", LEVEL, [], PLACED),
    ("bernoulli", "ppf", LEVEL, [0.25], {}),
]
COV = np.array([[2.0, 0.5, 0.25], [0.5, 1.5, -0.25], [0.25, -0.25, 1.0]])
CALLS = [
    ("stats.multivariate_normal.logpdf", ["$a", "$b", "$c"], {"a": (4, 3), "b": (3,), "c": COV}, {}),
    ("stats.multivariate_normal.pdf", ["$a", 0.5, 2.0], {"a": (4,)}, {}),
    ("stats.multinomial.logpmf", ["$i", 4, "$b"], {"i": np.array([[1, 2, 1], [0, 1, 1]], np.int32), "b": np.array([0.25, 0.5, 0.25])}, {}),
    ("stats.dirichlet.logpdf", ["$a", "$b"], {"a": np.array([0.25, 0.5, 0.25]), "b": np.array([1.5, 2.0, 0.75])}, {}),
    ("stats.dirichlet.pdf", ["$a", "$b"], {"a": np.array([[0.25, 0.5], [0.5, 0.125]]), "b": np.array([1.5, 2.0, 0.75])}, {}),
    ("stats.sem", ["$a"], {"a": (4, 3)}, {"axis": 1}),
    ("special.gamma", ["$a"], {"a": np.array([0.5, 2.5, -0.5, -1.5])}, {}),
    ("special.gammasgn", ["$a"], {"a": np.array([0.5, 2.5, -0.5, -1.5])}, {}),
    ("special.beta", ["$a", "$b"], {"a": np.array([0.5, 2.5]), "b": np.array([1.5, 0.75])}, {}),
    ("special.poch", ["$a", "$b"], {"a": np.array([0.5, 2.5]), "b": np.array([1.5, 0.75])}, {}),
    ("special.boxcox", ["$a", "$b"], {"a": np.array([0.5, 2.5]), "b": np.array([1.5, 0.75])}, {}),
    ("special.boxcox1p", ["$a", 0.0], {"a": np.array([0.5, 2.5])}, {}),
    ("special.factorial", ["$a"], {"a": np.array([0.0, 3.0, 5.0])}, {}),
]
KEY = {"call": ["random.key", 3]}
RANDOM = [
    ("chisquare", [2.5, [4]], {}),
    ("f", [2.5, 4.0, [4]], {}),
    ("t", [2.5, [4]], {}),
    ("lognormal", [0.5, [4]], {}),
    ("pareto", [2.5, [4]], {}),
    ("rayleigh", [0.5, [4]], {}),
    ("triangular", [0.0, 0.25, 1.5, [4]], {}),
    ("wald", [1.5, [4]], {}),
    ("weibull_min", [1.5, 2.0, [4]], {}),
    ("maxwell", [[4]], {}),
    ("double_sided_maxwell", [0.5, 1.5, [4]], {}),
    ("generalized_normal", [1.5, [4]], {}),
    ("ball", [3, 2.0, [4]], {}),
    ("geometric", [0.25, [6]], {}),
    ("multivariate_normal", ["$b", "$c", [4]], {"b": (3,), "c": COV}),
]


def scipy_cases():
    counts = {}

    def row(fn, args, arrays, kwargs=None, **how):
        counts[fn] = counts.get(fn, 0) + 1
        name = f"{fn} {counts[fn]}"
        inputs = Inputs("jax_scipy", name)
        held = {k: inputs.normal(*v) if isinstance(v, tuple) else v for k, v in arrays.items()}
        case = call_case(name, inputs, fn, tuples(args), held, kwargs, **how)
        case["params"]["args"] = args
        return case

    for name, functions, samples, parameters, kwargs in STATS:
        for f in functions.split():
            yield row(f"stats.{name}.{f}", ["$a", *parameters], {"a": samples}, kwargs, smooth=False)
    yield row("stats.norm.logpdf", ["$a", "$b", "$c"], {"a": (3,), "b": (3,), "c": np.array([0.5, 1.5, 2.0])})
    yield row("stats.gamma.logpdf", ["$a", "$b"], {"a": np.array([0.5, 1.5]), "b": np.array([2.5, 0.75])})
    for fn, args, arrays, kwargs in CALLS:
        yield row(fn, args, arrays, kwargs, smooth=fn.startswith("stats.multivariate"))
    for f, args, arrays in RANDOM:
        yield row(f"random.{f}", [KEY, *args], arrays, smooth=False, double=False)

"""Golden cases of the families of jax.numpy, jax.numpy.linalg and jax.scipy.special: a row a call."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case

BOTH = ["$a", "$b"]
X = {"a": (3, 4)}
M = {"a": (2, 3, 4)}
V = {"a": (7,)}

#: Calls of functions that fill, place, choose and count.
MORE = [
    ("logspace", [0, 2, 5], {}, {}),
    ("logspace", ["$a", 2.0], {"num": 4, "endpoint": False, "base": 2.0, "axis": -1}, {"a": (3,)}),
    ("geomspace", [1, 64], {"num": 4}, {}),
    ("geomspace", [-1.0, -27.0, 4], {}, {}),
    ("bartlett", [5], {}, {}),
    ("blackman", [6], {}, {}),
    ("hamming", [5], {}, {}),
    ("hanning", [6], {}, {}),
    ("kaiser", [5, 3.0], {}, {}),
    ("empty", [[0, 2]], {}, {}),
    ("indices", [[2, 3]], {}, {}),
    ("indices", [[2, 3]], {"sparse": True}, {}),
    ("unravel_index", ["$i", [3, 4]], {}, {"i": np.array([0, 5, 11, -1], np.int32)}),
    ("ravel_multi_index", [["$i", "$s"], [3, 4]], {"mode": "wrap"}, {"i": np.array([0, 2, 4], np.int32), "s": np.array([1, -1, 3], np.int32)}),
    ("ravel_multi_index", [["$i", "$s"], [3, 4]], {"mode": "clip", "order": "F"}, {"i": np.array([0, 2, 4], np.int32), "s": np.array([1, -1, 3], np.int32)}),
    ("angle", ["$a"], {"deg": True}, X),
    ("around", ["$a", 1], {}, X),
    ("pow", ["$a", 2], {}, X),
    ("partition", ["$a", 0], {}, {"a": (1,)}),
    ("put", ["$a", "$i", "$b"], {"inplace": False}, {**X, "i": np.array([3, -1, 0], np.int32), "b": (3,)}),
    ("put", ["$a", "$i", "$b"], {"inplace": False, "mode": "clip"}, {**X, "i": np.array([3, 90], np.int32), "b": (2,)}),
    ("place", ["$a", {"call": ["jnp.greater", "$a", 0.1]}, "$b"], {"inplace": False}, {**X, "b": (12,)}),
    ("put_along_axis", ["$a", "$i", "$b", 1], {"inplace": False}, {**X, "i": np.array([[0], [2], [-1]], np.int32), "b": (3, 1)}),
    ("fill_diagonal", ["$a", "$b"], {"inplace": False}, {**X, "b": (3,)}),
    ("choose", ["$i", ["$a", "$b"]], {"mode": "wrap"}, {"a": (3,), "b": (3,), "i": np.array([0, 1, 2], np.int32)}),
    ("choose", ["$i", ["$a", "$b"]], {"mode": "clip"}, {"a": (3,), "b": (3,), "i": np.array([0, 7, -2], np.int32)}),
    ("block", [[["$a", "$b"], ["$b", "$a"]]], {}, {"a": (2, 2), "b": (2, 2)}),
    ("gradient", ["$a"], {}, {"a": (2, 4)}),
    ("gradient", ["$a", 0.5], {"axis": 1}, {"a": (2, 4)}),
    ("gradient", ["$a", {"call": ["jnp.cumsum", {"call": ["jnp.abs", "$b"]}]}], {}, {"a": (5,), "b": (5,)}),
    ("unwrap", [{"call": ["jnp.multiply", "$a", 12.0]}], {}, X),
    ("isin", ["$i", "$s"], {}, {"i": np.array([[0, 5], [3, 2]], np.int32), "s": np.array([5, 2], np.int32)}),
    ("isin", ["$i", "$s"], {"invert": True}, {"i": np.array([[0, 5], [3, 2]], np.int32), "s": np.array([5, 2], np.int32)}),
    ("polyadd", BOTH, {}, {"a": (3,), "b": (5,)}),
    ("polysub", BOTH, {}, {"a": (5,), "b": (3,)}),
    ("polymul", BOTH, {}, {"a": (3,), "b": (4,)}),
    ("polyder", ["$a"], {}, {"a": (4,)}),
    ("polyder", ["$a", 2], {}, {"a": (4,)}),
    ("polyint", ["$a"], {"m": 2, "k": "$b"}, {"a": (3,), "b": (2,)}),
    ("poly", ["$a"], {}, {"a": (3,)}),
    ("polyfit", ["$a", "$b", 2], {}, {"a": (7,), "b": (7,)}),
    ("nonzero", [{"call": ["jnp.greater", "$a", 0.0]}], {"size": 8, "fill_value": -1}, X),
    ("flatnonzero", [{"call": ["jnp.greater", "$a", 0.0]}], {"size": 4}, X),
    ("argwhere", [{"call": ["jnp.greater", "$a", 0.0]}], {"size": 9}, X),
    ("where", [{"call": ["jnp.greater", "$a", 0.0]}], {"size": 3}, X),
    ("unique", ["$i"], {"size": 5}, {"i": np.array([3, 1, 3, 2, 1], np.int32)}),
    ("unique", ["$i"], {"size": 5, "fill_value": 9, "return_index": True, "return_inverse": True, "return_counts": True}, {"i": np.array([3, 1, 3, 2, 1], np.int32)}),
    ("unique", ["$i"], {"size": 2, "axis": 0}, {"i": np.array([[3, 1], [3, 1], [2, 1]], np.int32)}),
    ("unique_counts", ["$i"], {"size": 4}, {"i": np.array([3, 1, 3, 2, 1], np.int32)}),
    ("unique_all", ["$i"], {"size": 3}, {"i": np.array([3, 1, 3, 2, 1], np.int32)}),
    ("union1d", ["$i", "$s"], {"size": 6}, {"i": np.array([3, 1, 3], np.int32), "s": np.array([5, 3, 0], np.int32)}),
    ("setdiff1d", ["$i", "$s"], {"size": 3, "fill_value": 7}, {"i": np.array([3, 1, 3], np.int32), "s": np.array([5, 3, 0], np.int32)}),
    ("setxor1d", ["$i", "$s"], {"size": 3}, {"i": np.array([3, 1, 3], np.int32), "s": np.array([5, 3, 0], np.int32)}),
    ("intersect1d", ["$i", "$s"], {"size": 1}, {"i": np.array([3, 1, 3], np.int32), "s": np.array([5, 3, 0], np.int32)}),
    ("extract", [{"call": ["jnp.greater", "$a", 0.0]}, "$a"], {"size": 7}, X),
    ("compress", [{"call": ["jnp.greater", "$b", 0.0]}, "$a"], {"size": 2, "axis": 1, "fill_value": 5}, {**X, "b": (4,)}),
]

#: Steps.
ROUGH_MORE = "angle around place unwrap nonzero flatnonzero argwhere where isin empty".split()

#: x.at[index] and its methods.
AT = [
    ("set", [[1], 0.5], {}, {}),
    ("set", [[-1, [0, 3, 2]], "$b"], {}, {"b": (2,)}),
    ("set", [[None, [None, None, -1]], "$b"], {}, {"b": (4,)}),
    ("set", [["...", 0], "$b"], {}, {"b": (3,)}),
    ("set", [["$i"], "$b"], {}, {"b": (4,), "i": np.array([0, 2], np.int32)}),
    ("set", [["$i", "$s"], "$b"], {}, {"b": (3,), "i": np.array([0, 2, -1], np.int32), "s": np.array([1, 1, 3], np.int32)}),
    ("set", [["$i", [1, 3]], "$b"], {}, {"b": (2, 2), "i": np.array([0, 2], np.int32)}),
    ("set", [["$i"], 7.0], {}, {"i": np.array([1, 9], np.int32)}),
    ("set", [["$i"], 7.0], {"mode": "clip"}, {"i": np.array([1, 9], np.int32)}),
    ("set", [[5], 7.0], {}, {}),
    ("set", [[{"call": ["jnp.greater", "$a", 0.0]}], 7.0], {}, {}),
    ("add", [["$i"], "$b"], {}, {"b": (3, 4), "i": np.array([0, 0, 2], np.int32)}),
    ("add", [[1, 2], "$b"], {}, {"b": ()}),
    ("subtract", [[[1, None]], "$b"], {}, {"b": (2, 4)}),
    ("multiply", [["$i"], "$b"], {"unique_indices": True}, {"b": (2, 4), "i": np.array([0, 2], np.int32)}),
    ("divide", [[[0, 2]], "$b"], {}, {"b": (4,)}),
    ("power", [[0], 2.0], {}, {}),
    ("min", [["$i"], "$b"], {}, {"b": (2, 4), "i": np.array([0, 2], np.int32)}),
    ("max", [[None, 1], "$b"], {}, {"b": (3,)}),
    ("apply", [[0], "%jnp.sin"], {}, {}),
    ("get", [["$i"]], {}, {"i": np.array([0, 9, -1], np.int32)}),
    ("get", [["$i", 0]], {"mode": "fill", "fill_value": 3.0}, {"i": np.array([0, 9, -1], np.int32)}),
    ("get", [[1, [None, None, 2]]], {}, {}),
]

#: Functions of one array by what their inputs lie between.
UNARY = {
    (-1.4, 1.4): "tan sinh cosh arctan atan arcsinh asinh sinc exp2 cbrt fabs deg2rad radians rad2deg degrees rint trunc i0 "
    "isfinite isinf isposinf isneginf signbit positive conj conjugate real imag isreal iscomplex nan_to_num frexp modf",
    (-0.95, 0.95): "arcsin asin arccos acos arctanh atanh",
    (1.1, 4): "arccosh acosh log2 log10",
}
INT_UNARY = (
    "trunc rint fabs isfinite signbit positive real imag nan_to_num invert bitwise_not bitwise_invert sinc cbrt isinf frexp "
    "sort argsort cumsum cumprod ptp median count_nonzero nansum nanmax nanmean nanargmax tril diff diag trace"
)
BINARY = "arctan2 atan2 logaddexp logaddexp2 hypot copysign heaviside nextafter float_power fmax fmin fmod remainder mod floor_divide divmod isclose allclose array_equal array_equiv"
INT_BINARY = (
    "floor_divide remainder mod fmod divmod gcd lcm bitwise_and bitwise_or bitwise_xor logical_xor left_shift "
    "bitwise_left_shift right_shift bitwise_right_shift fmax fmin hypot heaviside kron cross vecdot array_equal isclose ldexp"
)
BOOL_UNARY = "trunc invert cumsum sort argsort count_nonzero nansum isfinite positive cumprod"
BOOL_BINARY = "bitwise_and bitwise_or bitwise_xor logical_xor fmax fmin floor_divide remainder array_equal"

CALLS = [
    ("sort", ["$a"], {}, M),
    ("sort", ["$a"], {"axis": 0, "descending": True}, M),
    ("sort", ["$a", None], {}, X),
    ("argsort", ["$a"], {}, M),
    ("argsort", ["$a"], {"axis": 1, "descending": True}, M),
    ("argsort", ["$a", None], {}, X),
    ("lexsort", [["$a", "$b"]], {}, {"a": (6,), "b": (6,)}),
    ("lexsort", [["$a", "$b"], 0], {}, {"a": (4, 3), "b": (4, 3)}),
    ("searchsorted", [{"call": ["jnp.sort", "$a"]}, "$b"], {}, {"a": (9,), "b": (3, 4)}),
    ("searchsorted", [{"call": ["jnp.sort", "$a"]}, "$a"], {"side": "right"}, {"a": (9,)}),
    ("digitize", ["$a", {"call": ["jnp.sort", "$b"]}], {}, {"a": (3, 4), "b": (5,)}),
    ("digitize", ["$b", {"call": ["jnp.sort", "$b"]}, True], {}, {"b": (5,)}),
    ("digitize", ["$a", {"call": ["jnp.flip", {"call": ["jnp.sort", "$b"]}]}], {}, {"a": (3, 4), "b": (5,)}),
    ("median", ["$a"], {}, X),
    ("median", ["$a"], {"axis": 1, "keepdims": True}, M),
    ("median", ["$a"], {"axis": [0, 2]}, M),
    ("nanmedian", ["$a"], {"axis": 1}, X),
    ("quantile", ["$a", 0.3], {}, X),
    ("quantile", ["$a", "$q"], {"axis": 1}, {**M, "q": (3,)}),
    ("quantile", ["$a", 0.25], {"axis": 0, "method": "lower", "keepdims": True}, X),
    ("quantile", ["$a", 0.4], {"axis": 0, "method": "higher"}, X),
    ("quantile", ["$a", 0.4], {"axis": 1, "method": "nearest"}, X),
    ("quantile", ["$a", 0.4], {"axis": 1, "method": "midpoint"}, X),
    ("percentile", ["$a", 80], {"axis": -1}, M),
    ("nanquantile", ["$a", 0.6], {"axis": 1}, X),
    ("nanpercentile", ["$a", 60], {"axis": 1}, X),
    ("histogram", ["$a"], {"bins": 4}, X),
    ("histogram", ["$a", 3, [-0.3, 0.4]], {}, X),
    ("histogram", ["$a", 3], {"density": True}, X),
    ("histogram", ["$a", {"call": ["jnp.sort", "$b"]}], {"weights": "$w"}, {**X, "b": (4,), "w": (3, 4)}),
    ("histogram_bin_edges", ["$a", 5], {}, X),
    ("bincount", ["$i"], {"length": 4}, {}),
    ("bincount", ["$i", "$b"], {"length": 6}, {"b": (6,)}),
    ("bincount", ["$i"], {"minlength": 7, "length": 4}, {}),
    ("cumsum", ["$a"], {}, X),
    ("cumsum", ["$a", 1], {}, M),
    ("cumprod", ["$a"], {"axis": -1}, M),
    ("nancumsum", ["$a", 0], {}, X),
    ("nancumprod", ["$a", 0], {}, X),
    ("cumulative_sum", ["$a"], {"axis": 1, "include_initial": True}, X),
    ("cumulative_sum", ["$a"], {}, V),
    ("cumulative_prod", ["$a"], {"axis": 0, "include_initial": True}, X),
    ("diff", ["$a"], {}, X),
    ("diff", ["$a"], {"n": 2, "axis": 0}, {"a": (4, 3)}),
    ("diff", ["$a"], {"prepend": 0.5, "append": "$b"}, {**X, "b": (3, 2)}),
    ("ediff1d", ["$a"], {}, X),
    ("ediff1d", ["$a", "$b", 0.5], {}, {**X, "b": (2,)}),
    ("trapezoid", ["$a"], {}, X),
    ("trapezoid", ["$a"], {"dx": 0.5, "axis": 0}, M),
    ("trapezoid", ["$a", "$b"], {}, {**X, "b": (4,)}),
    ("trapezoid", ["$a", "$b"], {"axis": 0}, {"a": (3, 4), "b": (3, 4)}),
    ("interp", ["$a", {"call": ["jnp.sort", "$b"]}, "$c"], {}, {"a": (3, 4), "b": (5,), "c": (5,)}),
    ("interp", ["$a", {"call": ["jnp.sort", "$b"]}, "$c", -9.0, 9.0], {}, {"a": (3, 4), "b": (5,), "c": (5,)}),
    *((f, ["$a"], {}, X) for f in "nansum nanprod nanmax nanmin nanmean nanvar nanstd nanargmax nanargmin ptp".split()),
    *((f, ["$a"], {"axis": 1}, M) for f in "nansum nanprod nanmax nanmin nanmean nanvar nanargmax nanargmin ptp".split()),
    ("nanstd", ["$a"], {"axis": 1, "ddof": 1, "keepdims": True}, M),
    ("average", ["$a"], {}, X),
    ("average", ["$a"], {"axis": 1, "weights": {"call": ["jnp.abs", "$b"]}}, {**X, "b": (4,)}),
    ("average", ["$a"], {"weights": {"call": ["jnp.abs", "$b"]}, "returned": True}, {**X, "b": (3, 4)}),
    ("average", ["$a"], {"axis": 0, "returned": True, "keepdims": True}, X),
    ("cov", ["$a"], {}, X),
    ("cov", ["$a", "$b"], {"ddof": 0}, {"a": (4,), "b": (4,)}),
    ("cov", ["$a"], {"rowvar": False, "bias": True}, X),
    ("cov", ["$a"], {"aweights": {"call": ["jnp.abs", "$b"]}}, {**X, "b": (4,)}),
    ("corrcoef", ["$a"], {}, {"a": (3, 6)}),
    ("corrcoef", ["$a", "$b"], {}, {"a": (5,), "b": (5,)}),
    ("count_nonzero", ["$a"], {"axis": 1, "keepdims": True}, M),
    ("isclose", ["$a", "$b"], {"rtol": 0.2, "atol": 0.1}, {"a": (3, 4), "b": (4,)}),
    ("allclose", ["$a", "$a"], {}, X),
    ("array_equal", ["$a", "$a"], {}, X),
    ("array_equiv", ["$a", "$b"], {}, {"a": (3, 4), "b": (3,)}),
    ("roll", ["$a", 2], {}, X),
    ("roll", ["$a", -1, 1], {}, M),
    ("roll", ["$a", [1, 2], [0, 2]], {}, M),
    ("roll", ["$a", 1, [0, 1]], {}, M),
    ("rot90", ["$a"], {}, X),
    ("rot90", ["$a", 3, [1, 2]], {}, M),
    ("fliplr", ["$a"], {}, X),
    ("flipud", ["$a"], {}, X),
    ("permute_dims", ["$a", [2, 0, 1]], {}, M),
    ("matrix_transpose", ["$a"], {}, M),
    ("rollaxis", ["$a", 2], {}, M),
    ("rollaxis", ["$a", 0, 3], {}, M),
    ("tile", ["$a", [2, 1, 3]], {}, X),
    ("tile", ["$a", 2], {}, X),
    ("repeat", ["$a", 2], {}, X),
    ("repeat", ["$a", 3, 1], {}, X),
    ("repeat", ["$a", {"call": ["jnp.array", [2, 0, 1], "int32"]}], {"axis": 0, "total_repeat_length": 3}, X),
    ("resize", ["$a", [4, 5]], {}, X),
    ("resize", ["$a", [2, 3]], {}, X),
    ("unstack", ["$a"], {"axis": 1}, X),
    ("broadcast_arrays", ["$a", "$b"], {}, {"a": (3, 1), "b": (4,)}),
    ("meshgrid", ["$a", "$b"], {}, {"a": (3,), "b": (4,)}),
    ("meshgrid", ["$a", "$b"], {"indexing": "ij", "sparse": True}, {"a": (3,), "b": (4,)}),
    ("meshgrid", ["$a", "$b", "$c"], {}, {"a": (2,), "b": (3,), "c": (4,)}),
    ("atleast_1d", ["$a"], {}, {"a": ()}),
    ("atleast_2d", ["$a"], {}, V),
    ("atleast_3d", ["$a", "$b"], {}, {**X, "b": (5,)}),
    ("take_along_axis", ["$a", "$i"], {"axis": 1}, {"a": (3, 4)}),
    ("take_along_axis", ["$a", "$i", None], {}, {"a": (3, 4)}),
    ("select", [[{"call": ["jnp.less", "$a", -0.2]}, {"call": ["jnp.less", "$a", 0.2]}], ["$b", "$a"], 0.5], {}, {"a": (3, 4), "b": (4,)}),
    ("append", BOTH, {}, {"a": (2, 3), "b": (2,)}),
    ("append", BOTH, {"axis": 0}, {"a": (2, 3), "b": (1, 3)}),
    ("concat", [BOTH], {"axis": 1}, {"a": (2, 3), "b": (2, 1)}),
    ("hstack", [BOTH], {}, {"a": (2, 3), "b": (2, 1)}),
    ("hstack", [BOTH], {}, {"a": (3,), "b": (2,)}),
    ("vstack", [BOTH], {}, {"a": (3,), "b": (2, 3)}),
    ("dstack", [BOTH], {}, {"a": (2, 3), "b": (2, 3)}),
    ("dstack", [BOTH], {}, {"a": (3,), "b": (3,)}),
    ("column_stack", [BOTH], {}, {"a": (3,), "b": (3, 2)}),
    ("array_split", ["$a", 3], {}, V),
    ("array_split", ["$a", [1, 3]], {"axis": 1}, X),
    ("hsplit", ["$a", 2], {}, X),
    ("hsplit", ["$a", 7], {}, V),
    ("vsplit", ["$a", [1]], {}, X),
    ("dsplit", ["$a", 2], {}, M),
    ("tri", [3], {}, {}),
    ("tri", [3, 5, 1], {"dtype": "int32"}, {}),
    ("tril", ["$a"], {}, M),
    ("tril", ["$a", -1], {}, X),
    ("triu", ["$a", 1], {}, M),
    ("tril_indices", [3], {}, {}),
    ("triu_indices", [3, 1, 4], {}, {}),
    ("tril_indices_from", ["$a", -1], {}, X),
    ("triu_indices_from", ["$a"], {}, X),
    ("diag", ["$a", 1], {}, {"a": (3,)}),
    ("diag", ["$a", -1], {}, X),
    ("diagflat", ["$a"], {}, {"a": (2, 2)}),
    ("diag_indices", [3], {}, {}),
    ("diagonal", ["$a"], {}, M),
    ("diagonal", ["$a", 1, 2, 1], {}, M),
    ("trace", ["$a"], {}, X),
    ("trace", ["$a"], {"offset": 1, "axis1": 1, "axis2": 2}, M),
    ("kron", BOTH, {}, {"a": (2, 3), "b": (3, 2)}),
    ("vander", ["$a"], {}, {"a": (4,)}),
    ("vander", ["$a", 3], {"increasing": True}, {"a": (4,)}),
    ("inner", BOTH, {}, {"a": (2, 4), "b": (3, 4)}),
    ("inner", BOTH, {}, {"a": (4,), "b": (4,)}),
    ("vdot", BOTH, {}, {"a": (2, 3), "b": (6,)}),
    ("vecdot", BOTH, {}, {"a": (2, 4), "b": (3, 2, 4)}),
    ("vecdot", BOTH, {"axis": 0}, {"a": (4, 2), "b": (4, 2)}),
    ("matvec", BOTH, {}, {"a": (2, 3, 4), "b": (4,)}),
    ("vecmat", BOTH, {}, {"a": (2, 3), "b": (3, 4)}),
    ("einsum", ["ij,jk->ik", *BOTH], {}, {"a": (3, 4), "b": (4, 2)}),
    ("einsum", ["bij,bkj", *BOTH], {}, {"a": (2, 3, 4), "b": (2, 5, 4)}),
    ("einsum", ["ii->i", "$a"], {}, {"a": (3, 3)}),
    ("cross", BOTH, {}, {"a": (2, 3), "b": (2, 3)}),
    ("cross", BOTH, {}, {"a": (4, 2), "b": (4, 2)}),
    ("cross", BOTH, {"axis": 0}, {"a": (3, 2), "b": (3, 2)}),
    ("cross", BOTH, {"axisa": 0, "axisc": 0}, {"a": (3, 4), "b": (4, 3)}),
    ("convolve", BOTH, {}, {"a": (6,), "b": (3,)}),
    ("convolve", BOTH, {"mode": "same"}, {"a": (3,), "b": (6,)}),
    ("convolve", BOTH, {"mode": "same"}, {"a": (6,), "b": (4,)}),
    ("convolve", BOTH, {"mode": "valid"}, {"a": (6,), "b": (4,)}),
    ("correlate", BOTH, {}, {"a": (6,), "b": (3,)}),
    ("correlate", BOTH, {"mode": "full"}, {"a": (3,), "b": (5,)}),
    ("correlate", BOTH, {"mode": "same"}, {"a": (4,), "b": (6,)}),
    ("correlate", BOTH, {"mode": "same"}, {"a": (6,), "b": (4,)}),
    ("polyval", BOTH, {}, {"a": (4,), "b": (3, 2)}),
]
METHODS = ["cumsum", "cumprod", "sort", "argsort", "ptp", "diagonal", "trace"]

#: jax.numpy.linalg; "s" is a well-conditioned square matrix, "p" a positive definite one.
LINALG = [
    ("inv", ["$s"], {}),
    ("det", ["$s"], {}),
    ("solve", ["$s", "$a"], {"a": (2, 3, 2)}),
    ("solve", ["$s", "$a"], {"a": (3,)}),
    ("slogdet", ["$s"], {}),
    ("cholesky", ["$p"], {}),
    ("eigvalsh", ["$p"], {}),
    ("svdvals", ["$a"], {"a": (2, 4, 3)}),
    ("pinv", ["$a"], {"a": (2, 4, 3)}),
    ("matrix_rank", ["$a"], {"a": (2, 4, 3)}),
    ("matrix_power", ["$s", 3], {}),
    ("matrix_power", ["$s", -2], {}),
    ("norm", ["$a"], {"a": (3, 4)}),
    ("norm", ["$a", 1, 1], {"a": (3, 4)}),
    ("norm", ["$a", "inf", 0, True], {"a": (3, 4)}),
    ("norm", ["$a", 3, 0], {"a": (3, 4)}),
    ("norm", ["$a", "nuc"], {"a": (3, 4)}),
    ("norm", ["$a", 2], {"a": (3, 4)}),
    ("norm", ["$a", -1, [0, 2]], {"a": (2, 3, 4)}),
    ("vector_norm", ["$a"], {"a": (3, 4)}),
    ("matrix_norm", ["$a"], {"a": (2, 3, 4)}),
    ("cond", ["$s"], {}),
    ("multi_dot", [["$a", "$b", "$c"]], {"a": (2, 3), "b": (3, 4), "c": (4, 2)}),
    ("matmul", BOTH, {"a": (2, 3), "b": (3, 4)}),
    ("vecdot", BOTH, {"a": (2, 3), "b": (2, 3)}),
    ("tensordot", BOTH, {"a": (2, 3, 4), "b": (3, 4, 2)}),
    ("outer", BOTH, {"a": (3,), "b": (4,)}),
    ("cross", BOTH, {"a": (2, 3), "b": (2, 3)}),
    ("matrix_transpose", ["$a"], {"a": (2, 3, 4)}),
    ("diagonal", ["$a"], {"a": (2, 3, 4)}),
    ("trace", ["$a"], {"a": (2, 3, 4)}),
]
SPECIAL = {
    (-2, 2): "erf erfc erfcx expit i0 i0e i1 i1e ndtr log_ndtr",
    (0.05, 0.95): "erfinv logit ndtri entr",
    (0.3, 4): "gammaln digamma",
}
SPECIAL_BINARY = "xlogy xlog1py betaln rel_entr kl_div"
SPECIAL_CALLS = [
    ("gammainc", [1.5, "$a"]),
    ("gammaincc", [1.5, "$a"]),
    ("zeta", [2.5, "$a"]),
    ("polygamma", [1, "$a"]),
    ("multigammaln", [{"call": ["jnp.add", "$a", 2.0]}, 2]),
    ("softmax", ["$a"]),
    ("log_softmax", ["$a"]),
    ("logsumexp", ["$a"]),
]
NN = "celu selu hard_sigmoid hard_silu hard_swish hard_tanh mish soft_sign sparse_plus sparse_sigmoid squareplus identity glu"

#: Their own gradients are none or not those of a smooth function.
ROUGH = {"nextafter", "frexp", "quantile", "median", "array_equal", "array_equiv", "allclose", "isclose", "modf"}


def numpy_cases():
    taken = {}

    def row(fn, args, arrays, kwargs=None, smooth=True, double=True):
        short = fn.split(".", 1)[1] if fn.startswith("jnp.") else fn.replace(".", "_")
        taken[short] = taken.get(short, 0) + 1
        name = short if taken[short] == 1 else f"{short}_{taken[short]}"
        inputs = Inputs("jax_numpy", name)
        held = {k: v(inputs) if callable(v) else inputs.distinct(*v) if isinstance(v, tuple) else v for k, v in arrays.items()}
        # JAX hashes numbers in a tuple; in JSON both are lists.
        static = [tuple(a) if isinstance(a, list) and all(isinstance(n, (int, float)) for n in a) else a for a in args]
        case = call_case(name, inputs, fn, static, held, kwargs, smooth, double)
        case["params"]["args"] = args
        return case

    within = lambda low, high, *shape: lambda inputs: inputs.uniform(*shape, low=low, high=high)
    integers = lambda *shape: lambda inputs: inputs.integers(*shape, high=9).astype(np.int32) - 4
    words = lambda inputs: inputs.integers(3, 4, high=9).astype(np.uint32)
    bits = lambda inputs: inputs.integers(3, 4, high=2).astype(bool)
    for (low, high), names in UNARY.items():
        for f in names.split():
            yield row(f"jnp.{f}", ["$a"], {"a": within(low, high, 3, 4)}, smooth=f not in ROUGH)
    for f in BINARY.split():
        positive = f == "float_power"
        arrays = {"a": within(0.2, 3, 3, 4) if positive else (3, 4), "b": (3, 4) if f != "array_equiv" else (4,)}
        yield row(f"jnp.{f}", BOTH, arrays, smooth=f not in ROUGH)
    yield row("jnp.ldexp", ["$a", "$i"], {"a": (3, 4), "i": integers(3, 4)}, smooth=False)
    for f in INT_UNARY.split():
        yield row(f"jnp.{f}", ["$a"], {"a": integers(3, 4)})
    for f in ["trunc", "invert", "sort", "cumsum", "bitwise_not"]:
        yield row(f"jnp.{f}", ["$a"], {"a": words})
    for f in INT_BINARY.split():
        shape = (4, 3) if f == "cross" else (3, 4)
        shifted = lambda inputs: inputs.integers(3, 4, high=40).astype(np.int32)
        yield row(f"jnp.{f}", BOTH, {"a": integers(*shape), "b": shifted if "shift" in f else integers(*shape)})
    for f in ["floor_divide", "remainder", "right_shift", "bitwise_xor", "gcd", "lcm"]:
        yield row(f"jnp.{f}", BOTH, {"a": words, "b": words})
    for f in BOOL_UNARY.split():
        yield row(f"jnp.{f}", ["$a"], {"a": bits})
    for f in BOOL_BINARY.split():
        yield row(f"jnp.{f}", BOTH, {"a": bits, "b": bits})
    for f, args, kwargs, arrays in CALLS:
        arrays = dict(arrays)
        if "$q" in args:
            arrays["q"] = within(0, 1, 3)
        if "$i" in args:
            arrays["i"] = np.array([0, 2, 1, 2, 5, -1], np.int32) if f == "bincount" else np.array([[0, -1], [2, 1], [3, 3]], np.int32)
            if args[-1] is None:
                arrays["i"] = np.array([11, -12, 3], np.int32)
        yield row(f"jnp.{f}", args, arrays, kwargs, smooth=f not in ROUGH)
    for f, args, kwargs, arrays in MORE:
        yield row(f"jnp.{f}", args, arrays, kwargs, smooth=f not in ROUGH_MORE)
    for f, args, kwargs, arrays in AT:
        yield row(f"at.{f}", ["$a", *args], {**X, **arrays}, kwargs, smooth=f != "apply")
    for f in METHODS:
        yield row(f"Array.{f}", ["$a"], {"a": (3, 4)})
    yield row("Array.repeat", ["$a", 2], {"a": (3, 4)}, {"axis": 0})
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -1.5])
    for f in "isfinite isinf isposinf isneginf signbit nan_to_num sinc nansum nanmax nanmin nanmean sort argsort nanargmax modf rint".split():
        yield row(f"jnp.{f}", ["$a"], {"a": special}, smooth=False, double=False)
    for f in "fmax fmin hypot copysign logaddexp heaviside floor_divide remainder isclose".split():
        yield row(f"jnp.{f}", BOTH, {"a": special[:, None], "b": special}, smooth=False, double=False)
    square = lambda inputs: inputs.normal(2, 3, 3) + 3 * np.eye(3)

    def definite(inputs):
        x = inputs.normal(2, 3, 3)
        return (x @ x.transpose(0, 2, 1) + np.eye(3)).astype(np.float32).astype(np.float64)

    for f, args, arrays in LINALG:
        arrays = dict(arrays)
        if "$s" in args:
            arrays["s"] = square
        if "$p" in args:
            arrays["p"] = definite
        yield row(f"linalg.{f}", args, {k: (lambda shape: lambda inputs: inputs.normal(*shape))(v) if isinstance(v, tuple) else v for k, v in arrays.items()})
    for (low, high), names in SPECIAL.items():
        for f in names.split():
            yield row(f"special.{f}", ["$a"], {"a": within(low, high, 3, 4)})
    for f in SPECIAL_BINARY.split():
        yield row(f"special.{f}", BOTH, {"a": within(0.2, 2, 3, 4), "b": within(0.2, 2, 3, 4)})
    for f, args in SPECIAL_CALLS:
        yield row(f"special.{f}", args, {"a": within(1.2, 4, 3, 4)})
    for f in NN.split():
        yield row(f"nn.{f}", ["$a"], {"a": (4, 4)})

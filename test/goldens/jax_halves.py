"""The dtypes that JAX's functions give of bfloat16: the calls of other files, with halves where these have float32."""

import base64
import json
import re
import warnings

import jax.numpy as jnp
import numpy as np

from golden_format import DTYPES, FOLDER, case
from jax_cases import filled, named, tuples

SOURCES = ("jax_functions", "jax_arguments", "jax_numpy", "jax_lax", "jax_scipy", "jax_layers")


def held(given, unusual):
    array = np.frombuffer(base64.b64decode(given["data"]), DTYPES[given["dtype"]]).reshape(given["shape"])
    if given["dtype"] == "float32":
        return jnp.asarray(array, unusual or jnp.bfloat16)
    return jnp.asarray(array, unusual or given["dtype"])


def dtypes_of(row):
    params = row["params"]
    inputs = {k: v for k, v in row["tensors"].items() if re.fullmatch("[abcipqswx]", k)}
    arrays = {k: held(v, params.get("dtypes", {}).get(k)) for k, v in inputs.items()}
    if not any(x.dtype == jnp.bfloat16 for x in arrays.values()):
        return None
    kwargs = {k: tuples(filled(v, arrays)) for k, v in params["kwargs"].items()}
    y = named(params["fn"])(*filled(tuples(params["args"]), arrays), **kwargs)
    return [str(one.dtype) for one in (y if isinstance(y, (list, tuple)) else [y])]


def halves_cases():
    for source in SOURCES:
        results = []
        for row in json.loads((FOLDER / f"{source}.json").read_text())["cases"]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = dtypes_of(row)
            except (TypeError, ValueError, NotImplementedError, AttributeError) as error:
                # What the original does not do with halves.
                print(f"  {row['name']}: {str(error).splitlines()[0][:90]}")
                continue
            if found:
                results.append([row["name"], *found])
        yield case(source, {"results": results}, {})

"""Writes what the originals say of their own signatures, for tests and for COMPAT.md: signatures_<dialect>.json.

Run: python3 test/goldens/generate_signatures.py torch|keras|jax|flax    (the Python that has that framework; seconds)

    { "generator", versions, "names": { namespace: [public names] }, "signatures": { "torch.chunk": [[parameters]] } }

A callable has a list of forms, one but for overloads. A form is a list of parameters in Python's order, in the notation of
packages/dialect: "name" (required), "name=<default as JSON>", "*" where only keywords follow, "/" where those before it are by
position only, "*names" and "**names" for the rest. A default that JSON cannot say is "~" and how Python prints it; "~" alone is
one that nobody tells. Methods are without self. Classes stand for their constructors.
"""

import ast
import importlib
import inspect
import json
import math
import os
import pathlib
import platform
import re
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

FOLDER = pathlib.Path(__file__).resolve().parent

STATS = (
    "bernoulli beta betabinom binom cauchy chi2 dirichlet expon gamma gennorm geom gumbel_l gumbel_r laplace logistic multinomial "
    "multivariate_normal nbinom norm pareto poisson t truncnorm uniform vonmises wrapcauchy"
).split()

# Namespaces of each original, in the order of COMPAT.md. Those that are classes have their methods listed.
NAMESPACES = {
    "torch": [
        *["torch", "torch.Tensor", "torch.Generator", "torch.nn", "torch.nn.Module", "torch.nn.Sequential", "torch.nn.ModuleList"],
        *["torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.optim", "torch.optim.Optimizer"],
        *["torch.optim.lr_scheduler", "torch.optim.lr_scheduler.LRScheduler", "torch.optim.swa_utils", "torch.autograd"],
        *["torch.autograd.functional", "torch.autograd.forward_ad", "torch.cuda", "torch.linalg", "torch.special", "torch.fft"],
        *["torch.func", "torch.accelerator", "torch.amp", "torch.amp.GradScaler", "torch.distributions"],
        *["torch.distributions.Distribution", "torch.utils.data", "torch.utils.checkpoint"],
        *["torchvision.datasets", "torchvision.transforms"],
        *["torch.nn.ModuleDict", "torch.nn.ParameterList", "torch.nn.ParameterDict", "torch.nn.utils.rnn"],
        *["torch.nn.utils.rnn.PackedSequence", "torch.nn.utils.parametrize", "torch.nn.utils.parametrizations"],
    ],
    "keras": [
        *["keras", "keras.layers", "keras.layers.Layer", "keras.Model", "keras.Sequential", "keras.Variable", "keras.models"],
        *["keras.activations", "keras.constraints", "keras.regularizers", "keras.initializers", "keras.initializers.Initializer"],
        *["keras.losses", "keras.losses.Loss", "keras.metrics", "keras.metrics.Metric", "keras.optimizers"],
        *["keras.optimizers.Optimizer", "keras.optimizers.schedules", "keras.callbacks", "keras.callbacks.Callback"],
        *["keras.datasets", "keras.datasets.mnist", "keras.datasets.fashion_mnist", "keras.datasets.cifar10", "keras.ops"],
        *["keras.random", "keras.config", "keras.backend", "keras.utils", "keras.tree", "keras.saving", "keras.applications"],
    ],
    "jax": [
        *["jax", "jax.Array", "jax.numpy", "jax.numpy.linalg", "jax.numpy.fft", "jax.lax", "jax.nn", "jax.nn.initializers"],
        *["jax.random", "jax.tree", "jax.tree_util", "jax.tree_util.PyTreeDef", "jax.scipy.special", "jax.scipy.linalg"],
        *["jax.scipy.stats", *[f"jax.scipy.stats.{each}" for each in STATS], "jax.scipy.signal", "jax.scipy.ndimage"],
        *["jax.scipy.fft", "jax.scipy.integrate", "jax.debug", "jax.image", "jax.ops", "jax.dtypes", "jax.test_util"],
        *["jax.checkpoint_policies", "jax.ad_checkpoint", "jax.lax.linalg"],
        *["jax.example_libraries.stax", "jax.example_libraries.optimizers", "optax", "optax.losses"],
        *["optax.schedules", "optax.tree", "optax.tree_utils", "optax.MultiSteps", "optax.LookaheadParams"],
    ],
    "flax": [
        *["flax", "flax.core", "flax.core.FrozenDict", "flax.jax_utils", "flax.linen", "flax.linen.Module", "flax.linen.initializers"],
        *["flax.nnx", "flax.nnx.Module", "flax.nnx.Variable", "flax.nnx.Rngs", "flax.nnx.RngStream", "flax.nnx.State"],
        *["flax.nnx.Optimizer", "flax.nnx.initializers", "flax.nnx.metrics", "flax.nnx.metrics.Metric", "flax.serialization"],
        *["flax.struct", "flax.training.common_utils", "flax.training.early_stopping", "flax.training.train_state"],
        *["flax.training.train_state.TrainState", "flax.traverse_util"],
    ],
}
VERSIONS = {"torch": ["torch", "torchvision"], "keras": ["keras", "tensorflow"], "jax": ["jax", "optax"], "flax": ["flax", "jax"]}


def default(value):
    """A default as JSON text."""
    plain = jsonable(value)
    return json.dumps(plain, separators=(",", ":")) if plain is not NotImplemented else f"~{printed(value)}"


def jsonable(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return (int(value) if value == int(value) else value) if math.isfinite(value) else NotImplemented
    if isinstance(value, (list, tuple)):
        parts = [jsonable(each) for each in value]
        return NotImplemented if NotImplemented in parts else parts
    return NotImplemented


def printed(value):
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else re.sub(r" at 0x[0-9a-f]+", "", str(value))


def form(parameters, skip_self):
    """Parameters of inspect in the notation above."""
    Kind = inspect.Parameter
    out, seen_positions = [], False
    parameters = list(parameters)[1 if skip_self else 0 :]
    for at, each in enumerate(parameters):
        if each.kind is Kind.VAR_POSITIONAL:
            seen_positions = True
            out.append(f"*{each.name}")
            continue
        if each.kind is Kind.VAR_KEYWORD:
            out.append(f"**{each.name}")
            continue
        if each.kind is Kind.KEYWORD_ONLY and not seen_positions:
            seen_positions = True
            out.append("*")
        out.append(each.name if each.default is Kind.empty else f"{each.name}={default(each.default)}")
        follows = parameters[at + 1].kind if at + 1 < len(parameters) else None
        if each.kind is Kind.POSITIONAL_ONLY and follows is not Kind.POSITIONAL_ONLY:
            out.append("/")
    return out


def constructor(target):
    """Parameters of a class. What a **kwargs takes stands in the constructors of its bases: they are entered by name."""
    own = getattr(target, "__init__")
    found = list(inspect.signature(own).parameters.values())[1:]
    if target.__module__.startswith("flax.nnx"):
        # Their metaclass takes anything.
        return found
    if target.__module__.split(".")[0] != "keras":
        return list(inspect.signature(target).parameters.values())
    bases = [each for each in target.__mro__ if "__init__" in vars(each)]
    for base in bases[1:]:
        if not found or found[-1].kind is not inspect.Parameter.VAR_KEYWORD or base.__module__.split(".")[0] != "keras":
            break
        # From Operation on keywords are of no public meaning, and unknown ones are refused.
        if base.__name__ in ("Operation", "KerasSaveable", "Trackable"):
            break
        known = {each.name for each in found}
        for each in list(inspect.signature(base.__init__).parameters.values())[1:]:
            if each.kind is inspect.Parameter.VAR_POSITIONAL or each.name in known:
                continue
            if each.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            found.insert(-1, each.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    if len(bases) > 1 or target.__name__ == "Layer":
        found = [each for each in found if each.kind is not inspect.Parameter.VAR_KEYWORD] if refuses(target) else found
    return found


def refuses(target):
    """Whether a class of Keras refuses keywords that no constructor names: all layers and optimizers do."""
    return any(each.__name__ in ("Layer", "BaseOptimizer") for each in target.__mro__)


def forms_of(path, value, method):
    """Forms of a callable, or None where nothing is known."""
    if inspect.isclass(value):
        try:
            forms = [form(constructor(value), False)]
            if path == "keras.Model":
                functional = importlib.import_module("keras.src.models.functional").Functional
                forms.append(form(constructor(functional), False))
            return forms
        except (ValueError, TypeError):
            return None
    bound = method and isinstance(inspect.getattr_static(method, path.rsplit(".", 1)[1], None), (classmethod, staticmethod))
    # jax.numpy.ufunc objects: the function in them names their arguments.
    if type(value).__name__ == "ufunc" and hasattr(value, "_func"):
        names = [each for each in form(inspect.signature(value._func).parameters.values(), False) if each != "/"]
        return [[*names, "/", "*", "out=null", "where=null"]]
    try:
        found = form(inspect.signature(value).parameters.values(), bool(method) and not bound)
    except (ValueError, TypeError):
        return stub_forms(path, method)
    general = found and all(each.startswith("*") for each in found)
    return (stub_forms(path, method) if general and path.startswith("torch.") else None) or [found]


STUBS = {}


def stub_forms(path, method):
    """Forms of a builtin of PyTorch, from the stubs that its wheel holds."""
    if not path.startswith("torch."):
        return None
    import torch

    folder = pathlib.Path(torch.__file__).parent
    if not STUBS:
        for file, prefix in [
            ("_C/_VariableFunctions.pyi", ""),
            ("_C/_nn.pyi", ""),
            ("nn/functional.pyi", "F."),
            ("_C/__init__.pyi", ""),
        ]:
            tree = ast.parse((folder / file).read_text())
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    STUBS.setdefault(prefix + node.name, []).append((file, node))
                if isinstance(node, ast.ClassDef):
                    for inner in node.body:
                        if isinstance(inner, ast.FunctionDef):
                            STUBS.setdefault(f"{node.name}.{inner.name}", []).append((file, inner))
    space, name = path.rsplit(".", 1)
    if method:
        of = "TensorBase" if space == "torch.Tensor" else space.rsplit(".", 1)[1]
        nodes = STUBS.get(f"{of}.{name}") or STUBS.get(f"_{of}Base.{name}")
    elif space == "torch.nn.functional":
        nodes = STUBS.get(f"F.{name}") or STUBS.get(name)
    else:
        nodes = STUBS.get(name) if space == "torch" else None
    if not nodes:
        return schema_forms(path)
    # One file: what another says of the same name is said in other words.
    forms = []
    for file, node in nodes:
        found = stub_form(node, bool(method), name) if file == nodes[0][0] else None
        if found is not None and found not in forms and not deprecated(node):
            forms.append(found)
    return forms or None


def deprecated(node):
    """Forms such as add(self, alpha, other), which warn."""
    names = [each.arg for each in node.args.args]
    return "alpha" in names and names.index("alpha") < len(names) - 1 or any("deprecated" in ast.unparse(each) for each in node.decorator_list)


def stub_form(node, skip_self, op):
    args = node.args
    out = []
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    for at, (each, given) in enumerate(zip(positional, defaults)):
        if at == 0 and skip_self:
            continue
        # Stubs call the first argument self where Python takes it as input.
        name = "input" if each.arg == "self" else each.arg
        out.append(name if given is None else f"{name}={stub_default(given, op, name)}")
        if at == len(args.posonlyargs) - 1 and len(out) > 0:
            out.append("/")
    if args.vararg:
        out.append(f"*{args.vararg.arg}")
    elif args.kwonlyargs:
        out.append("*")
    for each, given in zip(args.kwonlyargs, args.kw_defaults):
        # The stub of Tensor.add tells of an out= that the method refuses.
        if skip_self and each.arg == "out":
            continue
        out.append(each.arg if given is None else f"{each.arg}={stub_default(given, op, each.arg)}")
    if args.kwarg:
        out.append(f"**{args.kwarg.arg}")
    return out


def stub_default(node, op, name):
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return f"~{ast.unparse(node)}"
    return default(value) if value is not ... else schema_default(op, name)


def schemas(op):
    import torch

    found = getattr(torch.ops.aten, op, None)
    return [getattr(found, each)._schema for each in found.overloads()] if found else []


def schema_default(op, name):
    for schema in schemas(op):
        for each in schema.arguments:
            if each.name == name and each.has_default_value():
                return default(each.default_value)
    return "~"


def schema_forms(path):
    """Forms of torch.linalg, torch.special and the like: their schemas, the out= ones as an argument of the others."""
    import torch

    space, name = path.rsplit(".", 1)
    found = (schemas(f"{space.rsplit('.', 1)[1]}_{name}") if "." in space else []) or schemas(name)
    takes_out = any(each.is_out for schema in found for each in schema.arguments)
    forms = []
    for schema in found:
        if any(each.is_out for each in schema.arguments):
            continue
        out, starred = [], False
        for each in schema.arguments:
            if each.kwarg_only and not starred:
                starred = True
                out.append("*")
            called = "input" if each.name == "self" else each.name
            out.append(f"{called}={default(each.default_value)}" if each.has_default_value() else called)
        if takes_out:
            out += ["out=null"] if starred else ["*", "out=null"]
        if out not in forms:
            forms.append(out)
    return forms or None


def public_names(path, value):
    """Names of a namespace that users are meant to see."""
    root = path.split(".")[0]
    if inspect.isclass(value):
        return [each for each in dir(value) if not each.startswith("_")]
    listed = getattr(value, "__all__", None) if root == "torch" else None
    names = [each for each in (listed or dir(value)) if not each.startswith("_")]
    if path == "torch":
        import torch

        values = [each for each in dir(torch) if isinstance(getattr(torch, each), torch.dtype)]
        # Backends' entry points and the halves of other ops: in torch.__all__, and in no documentation.
        hidden = re.compile(r"(cudnn|miopen|mkldnn|fbgemm|quantized|native|sym|q|batch_norm|cpp|init)_|.*_copy$|(AVG|SUM|cpp)$")
        names = [each for each in names if not hidden.match(each)]
        names += [*values, "nn", "optim", "utils", "autograd", "cuda", "linalg", "special", "fft", "func", "Generator", "device"]
    if path.startswith("jax.example_libraries"):
        names = [each for each in names if getattr(getattr(value, each), "__module__", path) == path]
    if root == "flax":
        # Modules of flax that are no namespaces of the list are its own affair, as is what it imports from Python.
        ours = lambda value: not inspect.ismodule(value) and str(getattr(value, "__module__", root)) not in ("typing", "builtins", "contextlib")
        keep = lambda each: f"{path}.{each}" in NAMESPACES[root] or any(name.startswith(f"{path}.{each}.") for name in NAMESPACES[root])
        names = [each for each in names if ours(getattr(value, each)) or keep(each)]
    if path == "jax.lax":
        names = [each for each in names if not each.endswith("_p")]
    if path.startswith("torch"):
        names = [each for each in names if listed or belongs(path, root, getattr(value, each))]
    return sorted({each for each in names if hasattr(value, each) and not internal(root, getattr(value, each))})


def internal(root, value):
    """What a namespace imports from elsewhere, and the classes of PyTorch's compiled part that nobody makes."""
    if root == "torch" and not callable(value) and type(value).__module__ == "torch._C":
        return True
    if root == "torch" and inspect.isclass(value) and hasattr(sys.modules["torch"]._C, value.__name__):
        return value.__name__ not in ("Generator", "device", "Size", "dtype", "finfo", "iinfo")
    return inspect.ismodule(value) and value.__name__.split(".")[0] not in (root, "jax", "keras", "torch", "optax")


def belongs(path, root, value):
    """PyTorch's modules without __all__ hold what they import: only what is theirs counts."""
    if inspect.ismodule(value) or not callable(value):
        return False
    module = str(getattr(value, "__module__", None))
    if path in ("torch.nn", "torchvision.datasets", "torchvision.transforms", "torch.nn.utils", "torch.utils.data"):
        return module.startswith(path)
    if path == "torch.linalg":
        return module == "torch._C._linalg"
    return module == path or (module in ("None", "torch._C._nn", "torch") and path == "torch.nn.functional")


def resolve(path):
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for name in parts[cut:]:
            value = getattr(value, name)
        return value
    raise ImportError(path)


def load_torchvision():
    """A wheel of torchvision whose compiled part does not fit PyTorch's still has its Python: operators get stand-ins."""
    import torch

    while True:
        try:
            return importlib.import_module("torchvision")
        except RuntimeError as error:
            missing = re.search(r"operator (torchvision::\w+) does not exist", str(error))
            if not missing:
                raise
            torch.library.define(missing[1], "() -> ()")
            for name in [each for each in sys.modules if each.startswith("torchvision")]:
                del sys.modules[name]


def main(dialect):
    if dialect == "torch":
        load_torchvision()
    if dialect == "jax":
        importlib.import_module("jax.example_libraries")
    if dialect == "flax":
        for each in ("nnx", "training.train_state"):
            importlib.import_module(f"flax.{each}")
    names, signatures = {}, {}
    for path in NAMESPACES[dialect]:
        value = resolve(path)
        names[path] = public_names(path, value)
        for name in names[path]:
            member = getattr(value, name)
            if not callable(member) or inspect.ismodule(member):
                continue
            forms = forms_of(f"{path}.{name}", member, value if inspect.isclass(value) else None)
            if forms:
                signatures[f"{path}.{name}"] = forms
            if dialect == "flax" and inspect.isclass(member) and f"{path}.{name}" not in NAMESPACES[dialect]:
                for each in [each for each in dir(member) if not each.startswith("_")]:
                    method = inspect.getattr_static(member, each)
                    if inspect.isfunction(method) or isinstance(method, (classmethod, staticmethod)):
                        own = forms_of(f"{path}.{name}.{each}", getattr(member, each), member)
                        if own:
                            signatures[f"{path}.{name}.{each}"] = own
            # What modules take when they are called.
            if path in ("torch.nn", "torchvision.transforms") and inspect.isfunction(getattr(member, "forward", None)):
                signatures[f"{path}.{name}.forward"] = forms_of(f"{path}.{name}.forward", member.forward, member)
    versions = {each: importlib.import_module(each).__version__ for each in VERSIONS[dialect]}
    head = {"generator": f"test/goldens/generate_signatures.py {dialect}", **versions, "python": platform.python_version()}
    line = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    blocks = [f"{line(key)}: {line(value)}" for key, value in head.items()]
    rows = ",\n".join(f"{line(key)}: {line(value)}" for key, value in names.items())
    blocks.append(f'"names": {{\n{rows}\n}}')
    rows = ",\n".join(f"{line(key)}: {line(value)}" for key, value in sorted(signatures.items()))
    blocks.append(f'"signatures": {{\n{rows}\n}}')
    (FOLDER / f"signatures_{dialect}.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    for given in sys.argv[1:] or NAMESPACES:
        main(given)

"""Which public names of a framework programs use, and by which keywords: facts_<family>.json of this folder.

    python test/census/collect.py torch FOLDER      # FOLDER/<owner>/<repository>/<path of the program>

The Python has the framework, which says what of its own repository's inside is public.
FOLDER/commits.json may say of which commit a program is ({"owner/repository/path": "..."}). The program is only parsed, never
run, and no text of it is kept. README.md says what is told of receivers.
"""

import ast
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
GOLDENS = HERE.parent / "goldens"

FAMILIES = {
    "torch": ("torch", "torchvision"),
    "keras": ("keras",),
    "jax": ("jax", "flax", "optax"),
}

# Other places of one object, and modules under which the originals keep what they export elsewhere.
MOVED = (
    ("keras.src.", "keras."),
    ("keras_core.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("flax.experimental.nnx.", "flax.nnx."),
    ("keras.layers.layer.", "keras.layers."),
    ("keras.ops.numpy.", "keras.ops."),
    ("keras.random.random.", "keras.random."),
    ("torch.nn.modules.activation.", "torch.nn."),
    ("torch.nn.modules.container.", "torch.nn."),
    ("torch.nn.modules.conv.", "torch.nn."),
    ("torch.nn.modules.dropout.", "torch.nn."),
    ("torch.nn.modules.linear.", "torch.nn."),
    ("torch.nn.modules.normalization.", "torch.nn."),
    ("torch.nn.modules.module.", "torch.nn."),
    ("torch.nn.parameter.", "torch.nn."),
    ("torch.utils.data.dataloader.", "torch.utils.data."),
    ("jax.experimental.stax.", "jax.example_libraries.stax."),
    ("jax.experimental.optimizers.", "jax.example_libraries.optimizers."),
    ("flax.linen.module.", "flax.linen."),
    ("flax.linen.transforms.", "flax.linen."),
)

# Repositories whose programs import the framework's inside.
OWN = {"torch": (), "keras": ("keras-team/keras",), "jax": ()}


def is_public(name):
    """Whether the framework that is installed has it under this name."""
    root, *path = name.split(".")
    try:
        value = importlib.import_module(root)
        for at, key in enumerate(path):
            try:
                value = getattr(value, key)
            except AttributeError:
                value = importlib.import_module(".".join([root, *path[: at + 1]]))
    except (AttributeError, ImportError):
        return False
    return not isinstance(value, str)


# Classes whose methods are looked for on receivers, in this order; of a class of the program, those of its base.
CLASSES = {
    "torch": ("torch.Tensor", "torch.nn.Module", "torch.optim.Optimizer"),
    "keras": ("keras.Model", "keras.layers.Layer", "keras.metrics.Metric", "keras.optimizers.Optimizer"),
    "jax": ("jax.Array",),
}
# What these names are on a list, a dict, a string, a file or a NumPy array too: nothing is told by them alone.
COMMON = set()
for builtin in (list, dict, str, set, tuple, int, float, bytes):
    COMMON.update(dir(builtin))
COMMON.update({"close", "open", "read", "write", "name", "shape", "dtype", "size", "T", "add", "all", "any", "get_config"})


def public_members(family):
    members = {}
    for dialect in {"torch": ("torch",), "keras": ("keras",), "jax": ("jax", "flax")}[family]:
        names = json.loads((GOLDENS / f"signatures_{dialect}.json").read_text())["names"]
        members.update({each: set(names[each]) for each in CLASSES[family] if each in names})
    return members


def canonical(name):
    for old, new in MOVED:
        if name.startswith(old):
            name = new + name[len(old) :]
    return name


class Reader(ast.NodeVisitor):
    def __init__(self, family, module, modules):
        self.family = family
        self.package = module.split(".")[:-1]
        self.roots = FAMILIES[family]
        self.members = public_members(family)
        self.aliases = {}
        self.classes = {}
        self.modules = modules
        self.inside = []
        self.found = {}

    # Imports
    def visit_Import(self, node):
        for each in node.names:
            if each.asname:
                self.aliases[each.asname] = each.name
            else:
                self.aliases[each.name.split(".")[0]] = each.name.split(".")[0]

    def visit_ImportFrom(self, node):
        base = node.module or ""
        if node.level:
            above = self.package[: len(self.package) - node.level + 1]
            base = ".".join([*above, *([base] if base else [])])
        for each in node.names:
            self.aliases[each.asname or each.name] = f"{base}.{each.name}"

    def full(self, node):
        """The qualified name of an expression, or None."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id)
        if isinstance(node, ast.Attribute):
            above = self.full(node.value)
            return None if above is None else f"{above}.{node.attr}"
        return None

    def enter(self, name, keywords=()):
        name = canonical(name)
        parts = name.split(".")
        # What the program's own modules hold is no name of the framework; nor is what is private, or a module alone.
        if parts[0] not in self.roots or len(parts) < 2 or any(part.startswith("_") for part in parts):
            return
        if ".".join(parts[:-1]) in self.modules or name in self.modules:
            return
        self.found.setdefault(name, set()).update(keywords)

    def visit_ClassDef(self, node):
        bases = [self.full(each) or self.classes.get(getattr(each, "id", "")) for each in node.bases]
        base = next((canonical(each) for each in bases if each and canonical(each).split(".")[0] in self.roots), None)
        if base:
            self.classes[node.name] = base
        self.inside.append(base)
        self.generic_visit(node)
        self.inside.pop()

    def method_of(self, node):
        """The public name of a method or property by its receiver, as far as it can be told."""
        attr = node.attr
        receiver = node.value
        own = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")
        is_super = isinstance(receiver, ast.Call) and getattr(receiver.func, "id", "") == "super"
        if own or is_super:
            base = self.inside[-1] if self.inside else None
            kin = [each for each in self.members if base and self.derives(base, each)]
            return next((f"{each}.{attr}" for each in kin if attr in self.members[each]), None)
        if attr in COMMON or attr.startswith("_"):
            return None
        return next((f"{each}.{attr}" for each in self.members if attr in self.members[each]), None)

    def derives(self, base, cls):
        last = base.split(".")[-1]
        return {
            "torch.nn.Module": base.startswith("torch.nn."),
            "keras.Model": last in ("Model", "Sequential", "Functional"),
            "keras.layers.Layer": base.startswith("keras.") and not base.startswith(("keras.metrics", "keras.callbacks")),
        }.get(cls, base == cls)

    def visit_Call(self, node):
        keywords = [each.arg for each in node.keywords if each.arg]
        if isinstance(node.func, ast.Attribute | ast.Name):
            name = self.full(node.func)
            if name is None and isinstance(node.func, ast.Attribute):
                name = self.method_of(node.func)
            if name:
                self.enter(name, keywords)
        self.generic_visit(node)

    def visit_Attribute(self, node):
        name = self.full(node)
        if name is not None:
            self.enter(name)
            return
        # A property: told only where no other object of a program is likely to have it.
        found = self.method_of(node)
        if found and found in PROPERTIES:
            self.enter(found)
        self.visit(node.value)

    def visit_Name(self, node):
        name = self.aliases.get(node.id)
        if name and "." in name:
            self.enter(name)


PROPERTIES = {
    "torch.Tensor.grad",
    "torch.Tensor.grad_fn",
    "torch.Tensor.requires_grad",
    "torch.Tensor.is_cuda",
    "torch.Tensor.mT",
    "torch.nn.Module.training",
    "keras.Model.losses",
    "keras.Model.metrics",
    "keras.Model.trainable_variables",
    "keras.Model.trainable_weights",
    "keras.layers.Layer.losses",
    "jax.Array.at",
}


def main():
    family, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    commits = folder / "commits.json"
    commits = json.loads(commits.read_text()) if commits.exists() else {}
    files = sorted(each for each in folder.rglob("*.py"))
    programs = []
    for file in files:
        owner, repository, *path = file.relative_to(folder).parts
        inner = list(path)
        while inner and inner[0] in ("src",):
            inner.pop(0)
        module = ".".join(inner)[: -len(".py")]
        # A program of the framework's own repository sees its neighbours by full names: these are no names of the framework.
        modules = {module}
        own = f"{owner}/{repository}" in OWN[family]
        reader = Reader(family, module, modules)
        reader.visit(ast.parse(file.read_text()))
        names = {
            name: sorted(keywords)
            for name, keywords in sorted(reader.found.items())
            # A namespace on the way to a name that is used.
            if not any(other.startswith(name + ".") for other in reader.found)
            and name not in reader.roots
            and (not own or is_public(name))
        }
        if names:
            commit = commits.get(str(file.relative_to(folder)))
            programs.append(
                {"repository": f"{owner}/{repository}", "path": "/".join(path), **({"commit": commit} if commit else {}), "names": names}
            )
    lines = ",\n".join(" " + json.dumps(each) for each in programs)
    (HERE / f"facts_{family}.json").write_text(f'{{"programs": [\n{lines}\n]}}\n')
    print(f"{len(programs)} programs")


main()

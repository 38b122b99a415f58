"""Who may import whom: a folder imports only from its left, and no function imports our modules."""

import ast
from pathlib import Path

import arignote

ROOT = Path(arignote.__file__).parent
ORDER = (
    "lazily forks errors config fxgraph autograd_sym scanloop trace optimize emit debug specialise "
    "nn sparse extend distributed specialised api transforms tensor theano cli __main__"
).split()
OPTIONAL = {"cupy", "mpi4py", "matplotlib", "sklearn", "dask", "torch", "jax", "numba", "IPython"}


def test_a_folder_imports_only_from_its_left():
    wrong = []
    for path, tree in sources():
        own = layer_of(path)
        for node in ast.walk(tree):
            for module in imported(node, path):
                other = module.split(".")[1] if "." in module else None
                if module.split(".")[0] != "arignote" or other in (None, own):
                    continue
                if other not in ORDER:
                    wrong.append(f"{path}:{node.lineno}: {other} has no place in the order")
                elif own in ORDER and ORDER.index(other) > ORDER.index(own):
                    wrong.append(f"{path}:{node.lineno}: {own} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_functions_import_only_optional_packages():
    wrong = []
    for path, tree in sources():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            for node in ast.walk(function):
                for module in imported(node, path):
                    if module.split(".")[0] not in OPTIONAL:
                        wrong.append(f"{path}:{node.lineno}: imports {module} inside a function")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_every_folder_has_its_place():
    for path in ROOT.iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            assert path.stem in {*ORDER, "__init__"}, f"{path.name}: add it to ORDER"


def sources():
    for path in sorted(ROOT.rglob("*.py")):
        yield path, ast.parse(path.read_text(), str(path))


def layer_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(node, path):
    """Absolute names of the modules that one node imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    if node.level:
        package = ["arignote", *path.relative_to(ROOT).parts[:-1]]
        base = package[: len(package) - node.level + 1] + ([node.module] if node.module else [])
        module = ".".join(base)
    else:
        module = node.module
    if module == "arignote":
        return [f"arignote.{alias.name}" for alias in node.names]
    return [module]

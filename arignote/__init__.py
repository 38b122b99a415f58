"""Arignote compiles plain NumPy functions to native code, differentiates and checks them.

    import arignote as ag

    @ag.compile
    def f(x, y): ...

Importing this module is cheap: every public name below is imported from its own module when it is
first asked for, and only `config` is loaded at once.
"""

import importlib
from typing import Any

# This import binds `arignote.config` to the flag table, on purpose in place of the module.
from arignote.config import config as config

__version__ = "0.1.0"

# public name -> the module that defines it
_EXPORTS: dict[str, str] = {
    "ArignoteError": "arignote.errors",
    "ArignoteWarning": "arignote.errors",
    "BuildError": "arignote.errors",
    "CacheError": "arignote.errors",
    "ConfigError": "arignote.errors",
    "DTypeError": "arignote.errors",
    "ShapeError": "arignote.errors",
    "TraceError": "arignote.errors",
    "UnsupportedError": "arignote.errors",
    "VerifyError": "arignote.errors",
    "compile": "arignote.api",
    "debugprint": "arignote.debug.printing",
    "register_pytree": "arignote.trace.pytree",
    **dict.fromkeys(
        ("cond", "foldl", "foldr", "map", "reduce", "scan", "until", "while_loop"),
        "arignote.scanloop.functional",
    ),
    **dict.fromkeys(("grad", "value_and_grad", "vjp"), "arignote.transforms.gradients"),
    **dict.fromkeys(("jvp", "linearize", "hvp"), "arignote.transforms.tangents"),
    **dict.fromkeys(("jacobian", "hessian"), "arignote.transforms.jacobians"),
    "vmap": "arignote.transforms.batching",
    **dict.fromkeys(("custom_vjp", "custom_jvp"), "arignote.transforms.custom"),
    "checkpoint": "arignote.transforms.checkpoints",
    **dict.fromkeys(
        ("stop_gradient", "zero_gradient", "grad_clip", "grad_scale"),
        "arignote.transforms.barriers",
    ),
    "check_grad": "arignote.transforms.checking",
    **dict.fromkeys(("OpFromGraph", "as_op", "op", "remove_rule", "rule"), "arignote.extend"),
    "view": "arignote.debug.view",
    "profiles": "arignote.debug.standing",
    "function": "arignote.tensor.compiled",
    "shared": "arignote.tensor.sharing",
    "Mode": "arignote.tensor.modes",
    "rules": "arignote.optimize.listing",
    **dict.fromkeys(("In", "Out"), "arignote.tensor.parameters"),
    **dict.fromkeys(("breakpoint", "print"), "arignote.transforms.showing"),
}

#: Sub-packages that are public as they are.
_PACKAGES = ("distributed", "nn", "sparse")

__all__ = ["config", *_EXPORTS, *_PACKAGES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"arignote.{name}")
    try:
        module = _EXPORTS[name]
    except KeyError:
        raise AttributeError(f"module 'arignote' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS, *_PACKAGES})

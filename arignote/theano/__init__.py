"""The names of Theano, for old programs: `import arignote.theano as theano`.

Nothing is defined here: every name comes from `arignote.tensor`.  `install()` puts this package
under the name `theano`, for libraries that import it.  docs/theano.md says what is the same.
"""

from . import settings as settings
from .settings import change_flags as change_flags
from .settings import config as config

# isort: split
from ..tensor.cloning import clone as clone
from ..tensor.compiled import function
from ..tensor.dumping import function_dump
from ..tensor.functions import Function, MissingInputError, UnusedInputError
from ..tensor.gradients import Lop, Rop, grad, subgraph_grad
from ..tensor.graph import Apply, Variable
from ..tensor.mathematics import pp
from ..tensor.modes import Mode
from ..tensor.parameters import In, Out
from ..tensor.products import dot
from ..tensor.python_ops import OpFromGraph, as_op
from ..tensor.scanning import foldl, foldr, map, reduce, scan, scan_checkpoints
from ..tensor.sharing import shared
from ..tensor.trees import debugprint
from ..tensor.types import generic
from ..tensor.updating import OrderedUpdates
from ..tensor.user_ops import Op
from . import (
    compile,
    configparser,
    gof,
    gradient,
    ifelse,
    misc,
    printing,
    raise_op,
    sandbox,
    scalar,
    scan_module,
    sparse,
    tensor,
    typed_list,
    updates,
)
from .installing import install, uninstall

_asarray = settings.asarray
__version__ = "1.0.5"

__all__ = [
    "Apply", "Function", "In", "Lop", "MissingInputError", "Mode", "Op", "OpFromGraph",
    "OrderedUpdates", "Out", "Rop", "UnusedInputError", "Variable", "as_op", "change_flags",
    "clone", "compile", "config", "configparser", "debugprint", "dot", "foldl", "foldr", "function",
    "function_dump", "generic", "gof", "grad", "gradient", "ifelse", "install", "map", "misc",
    "pp", "printing", "raise_op", "reduce", "sandbox", "scalar", "scan", "scan_checkpoints",
    "scan_module", "settings", "shared", "sparse", "subgraph_grad", "tensor", "typed_list",
    "uninstall", "updates",
]  # fmt: skip

"""`theano.compile`"""

from ...tensor.compiled import function
from ...tensor.databases import optdb
from ...tensor.functions import Function, UnusedInputError
from ...tensor.modes import DebugMode, Mode, get_default_mode, get_mode, register_mode
from ...tensor.monitoring import MonitorMode
from ...tensor.parameters import In, Out
from ...tensor.profiling import ProfileStats
from ...tensor.python_ops import OpFromGraph, as_op
from ...tensor.sharing import SharedVariable, shared
from . import (
    builders,
    debugmode,
    function_module,
    mode,
    monitormode,
    nanguardmode,
    ops,
    sharedvalue,
)
from .nanguardmode import NanGuardMode

FAST_RUN, FAST_COMPILE = get_mode("FAST_RUN"), get_mode("FAST_COMPILE")

__all__ = [
    "DebugMode", "FAST_COMPILE", "FAST_RUN", "Function", "In", "Mode", "MonitorMode",
    "NanGuardMode", "OpFromGraph", "Out", "ProfileStats", "SharedVariable", "UnusedInputError",
    "as_op", "builders", "debugmode", "function", "function_module", "get_default_mode",
    "get_mode", "mode", "monitormode", "nanguardmode", "ops", "optdb", "register_mode",
    "shared", "sharedvalue",
]  # fmt: skip

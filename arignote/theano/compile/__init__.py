"""`theano.compile`"""

from ...tensor.compiled import Function, UnusedInputError, function
from ...tensor.modes import Mode, get_default_mode, get_mode
from ...tensor.parameters import In, Out
from ...tensor.sharing import SharedVariable, shared
from . import nanguardmode, ops, sharedvalue
from .nanguardmode import NanGuardMode

FAST_RUN, FAST_COMPILE = get_mode("FAST_RUN"), get_mode("FAST_COMPILE")

__all__ = [
    "FAST_COMPILE", "FAST_RUN", "Function", "In", "Mode", "NanGuardMode", "Out", "SharedVariable",
    "UnusedInputError", "function", "get_default_mode", "get_mode", "nanguardmode", "ops", "shared",
    "sharedvalue",
]  # fmt: skip

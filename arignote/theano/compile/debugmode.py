"""`theano.compile.debugmode`"""

from ...errors import DebugError
from ...tensor.modes import DebugMode as DebugMode

DebugModeError = BadOptimization = BadThunkOutput = BadDestroyMap = BadViewMap = DebugError
InvalidValueError = StochasticOrder = DebugError

__all__ = [
    "BadDestroyMap", "BadOptimization", "BadThunkOutput", "BadViewMap", "DebugMode",
    "DebugModeError", "InvalidValueError", "StochasticOrder",
]  # fmt: skip

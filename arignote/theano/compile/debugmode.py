"""`theano.compile.debugmode`"""

from ...tensor.modes import DebugMode as DebugMode

__all__ = ["DebugMode"]

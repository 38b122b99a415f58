"""`theano.compile.nanguardmode`"""

from ...tensor.modes import NanGuardMode as NanGuardMode

__all__ = ["NanGuardMode"]

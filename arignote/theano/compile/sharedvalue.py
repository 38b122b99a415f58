"""`theano.compile.sharedvalue`"""

from ...tensor.sharing import SharedVariable as SharedVariable
from ...tensor.sharing import shared as shared

__all__ = ["SharedVariable", "shared"]

"""`theano.compile.function_module`"""

from ...tensor.compiled import Function as Function
from ...tensor.compiled import UnusedInputError as UnusedInputError

__all__ = ["Function", "UnusedInputError"]
